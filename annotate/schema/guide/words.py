"""The guide's own words, in each language that it speaks."""

from __future__ import annotations

import msgspec

from annotate.schema.model import Schema


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The guide's own words in one language; a key to press stands between backticks."""

    contents: str
    version: str
    rules: str
    marking: str
    labels: str
    other_labels: str
    relations: str
    questions: str
    decisions: str

    key: str
    examples: str
    not_this: str
    no_mark: str
    also: str
    nothing_within: str
    only_within: str
    asked: str
    choose_one: str
    choose_some: str
    fill_in: str
    either_way: str
    answer_below: str
    first_fits: str

    # The server's editor sometimes opens an empty annotation when it loads slowly.
    reload: str
    drag: str
    whole_words: str
    part_of_word: str
    relate: str
    answer: str


WORDS = {
    "en": Words(
        contents="Contents",
        version="version",
        rules="General rules",
        marking="How to mark",
        labels="Labels",
        other_labels="Other labels",
        relations="Relations",
        questions="About the whole article",
        decisions="Hard cases",
        key="key",
        examples="Examples",
        not_this="Not this",
        no_mark="nothing to mark",
        also="and across it",
        nothing_within="Nothing is marked within it.",
        only_within="Within it only these are marked",
        asked="Also asked of it",
        choose_one="choose one",
        choose_some="choose one or more",
        fill_in="fill in",
        either_way="both ways, whichever end you begin with",
        answer_below="Answered below the article.",
        first_fits="Go down the list and do what the first case that fits says.",
        reload="Does an article open without its suggestions, or without what you marked?"
        " Reload the page before you go on.",
        drag="Press the label's key, or click the label, then drag over the text."
        " `Esc` lets go of the label.",
        whole_words="What you drag over grows to whole words.",
        part_of_word="To mark a part of a word, click the mark and drag its edge,"
        " which moves letter by letter.",
        relate="To draw a relation, click the first mark, press `Alt+R`, click the second mark,"
        " then choose the relation's name in the Relations panel.",
        answer="To answer what is asked of a mark, click the mark: the question appears below"
        " the article.",
    ),
    "vi": Words(
        contents="Mục lục",
        version="phiên bản",
        rules="Quy tắc chung",
        marking="Cách đánh dấu",
        labels="Các nhãn",
        other_labels="Nhãn khác",
        relations="Quan hệ",
        questions="Câu hỏi về cả bài",
        decisions="Trường hợp khó",
        key="phím",
        examples="Ví dụ",
        not_this="Không phải",
        no_mark="không đánh dấu",
        also="chồng lên đó",
        nothing_within="Không đánh dấu nhãn nào bên trong.",
        only_within="Bên trong chỉ được đánh dấu",
        asked="Câu hỏi thêm",
        choose_one="chọn một",
        choose_some="chọn một hoặc nhiều",
        fill_in="tự điền",
        either_way="hai chiều như nhau, bắt đầu từ đầu nào cũng được",
        answer_below="Trả lời ở bên dưới bài.",
        first_fits="Xét lần lượt từ trên xuống, gặp trường hợp nào khớp trước thì làm theo.",
        reload="Bài mở ra mà không thấy gợi ý, hoặc không thấy phần bạn đã đánh dấu?"
        " Hãy tải lại trang rồi mới làm tiếp.",
        drag="Bấm phím của nhãn (hoặc bấm chuột vào nhãn), rồi kéo chuột qua đoạn cần đánh dấu."
        " Bấm `Esc` để bỏ chọn nhãn.",
        whole_words="Đoạn kéo tự nới ra cho trọn chữ.",
        part_of_word="Chỉ cần một phần của chữ thì bấm vào đoạn đã đánh dấu rồi kéo mép của nó:"
        " mép đi từng ký tự một.",
        relate="Để nối quan hệ, bấm vào đoạn thứ nhất, bấm `Alt+R`, bấm vào đoạn thứ hai,"
        " rồi chọn tên quan hệ trong khung Relations.",
        answer="Để trả lời câu hỏi thêm, bấm vào đoạn đã đánh dấu: câu hỏi hiện ra bên dưới bài.",
    ),
}  # fmt: skip


def words_of(schema: Schema) -> Words:
    """Return the words in the schema's language; in English where it has none."""
    return WORDS.get(schema.language.partition("-")[0].lower(), WORDS["en"])
