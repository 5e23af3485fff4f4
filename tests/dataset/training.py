"""Fast tokenisers of several kinds, trained on the sample corpus."""

from __future__ import annotations

from functools import cache

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from tests.factories import sample_articles

_SPECIALS = ["<s>", "</s>", "<unk>"]


@cache
def trained(kind: str) -> Tokenizer:
    """Return a tokeniser; it belongs to all tests, so its settings are not to be changed."""
    return _KINDS[kind]()


def _byte_level(*, prefix: bool = False, trim: bool = True) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=_SPECIALS, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    places = processors.ByteLevel(trim_offsets=trim)
    return _finish(tokenizer, trainer, places)


def _unigram(*, split: bool = True) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(split=split)
    trainer = trainers.UnigramTrainer(
        vocab_size=600, special_tokens=_SPECIALS, unk_token="<unk>",  # noqa: S106
        show_progress=False,
    )  # fmt: skip
    return _finish(tokenizer, trainer)


def _fallback() -> Tokenizer:
    """Return one that reads the whole text as a word, with bytes for what it does not know."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))  # noqa: S106
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    pieces = [*_SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=pieces, show_progress=False)
    return _finish(tokenizer, trainer)


def _wordpiece() -> Tokenizer:
    """Return one that drops accents and control characters, and marks the insides of words."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))  # noqa: S106
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=600, special_tokens=_SPECIALS, show_progress=False
    )
    return _finish(tokenizer, trainer)


def _finish(
    tokenizer: Tokenizer, trainer: trainers.Trainer, *before: processors.PostProcessor
) -> Tokenizer:
    """Train, and put `<s>` and `</s>` around every text."""
    texts = (article.text for article in sample_articles().values())
    tokenizer.train_from_iterator(texts, trainer)
    around = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokenizer.post_processor = processors.Sequence([*before, around]) if before else around
    return tokenizer


_KINDS = {
    "byte-level": _byte_level,
    "byte-level, with blanks": lambda: _byte_level(prefix=True, trim=False),
    "unigram": _unigram,
    "unigram over blanks": lambda: _unigram(split=False),
    "byte fallback": _fallback,
    "wordpiece": _wordpiece,
}

KINDS = tuple(_KINDS)
# Those that keep something of every character.
FAITHFUL = tuple(kind for kind in KINDS if kind != "wordpiece")
