"""A Hub on loopback: the part of its HTTP protocol that huggingface_hub speaks for datasets.

Files that are not text are large: uploaded by their SHA-256 before the commit that names
them. Without Xet, which huggingface_hub does not need.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from tests.dataset.publish.answers import Answer, Fault, refusal
from tests.dataset.publish.repositories import (
    Commit,
    Refused,
    Repository,
    commit,
    describe,
    git_oid,
    make_repository,
)

TOKEN = "hf_of_lan"  # noqa: S105 - of this server alone
READ_ONLY = "hf_of_lan_for_reading"
ORGANISATION = "phong-tin"


class Request(NamedTuple):
    """A request, its path without the query and unquoted."""

    method: str
    path: str
    query: dict[str, list[str]]
    token: str
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class LocalHub:
    """The server: its repositories, the large files, the requests it got, faults to come."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.url = ""
        self.files_url = ""
        self._faults: list[tuple[re.Pattern[str], list[Fault]]] = []
        self._lock = threading.Lock()

    def fail(self, request: str, *faults: Fault) -> None:
        """Apply faults, one after the other, to the requests that match, as `PUT /lfs/.*`."""
        self._faults.append((re.compile(request), list(faults)))

    def heal(self) -> None:
        """Take away the faults that are left."""
        with self._lock:
            self._faults.clear()

    def wrote(self) -> list[str]:
        """Return the requests that change something."""
        return [request for request in self.requests if _CHANGES.match(request)]

    def fault_for(self, request: str) -> Fault | None:
        with self._lock:
            self.requests.append(request)
            for pattern, faults in self._faults:
                if faults and pattern.fullmatch(request):
                    return faults.pop(0)
        return None

    def answer(self, request: Request) -> Answer:
        """Do what a request asks for."""
        with self._lock:
            try:
                return self._route(request)
            except Refused as refused:
                return refusal(refused)

    def _route(self, request: Request) -> Answer:
        for pattern, work in _ROUTES:
            if match := re.fullmatch(pattern, f"{request.method} {request.path}"):
                return work(self, request, **match.groupdict())
        raise Refused(404, f"no route for {request.method} {request.path}")

    def whoami(self, request: Request) -> Answer:
        self._known(request)
        role = "read" if request.token == READ_ONLY else "write"
        token = {"accessToken": {"displayName": "of lan", "role": role}}
        return _json({"name": "lan", "orgs": [{"name": ORGANISATION}], "auth": token})

    def _known(self, request: Request) -> None:
        if request.token not in {TOKEN, READ_ONLY}:
            raise Refused(401, "Invalid credentials in Authorization header")

    def create(self, request: Request) -> Answer:
        self._may_write(request)
        asked = request.json()
        name = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] not in {ORGANISATION, "lan"}:
            raise Refused(403, f"You don't have the rights to create a dataset under {name}")
        if name in self.repositories:
            raise Refused(409, "You already created this dataset repo")
        private = asked.get("private") or asked.get("visibility") == "private"
        self.repositories[name] = make_repository(name, private=private)
        return _json({"url": f"{self.url}/datasets/{name}"})

    def _may_write(self, request: Request) -> None:
        self._known(request)
        if request.token != TOKEN:
            raise Refused(403, "This token may only read")

    def _repository(self, request: Request, repo: str) -> Repository:
        found = self.repositories.get(repo)
        if found is None or (found.private and request.token not in {TOKEN, READ_ONLY}):
            raise Refused(404, "Repository not found", "RepoNotFound")
        return found

    def info(self, request: Request, repo: str, rev: str = "main") -> Answer:
        found = self._repository(request, repo)
        at = found.at(rev)
        siblings = [{"rfilename": path} for path in sorted(at.files)]
        known = {"id": repo, "sha": at.oid, "private": found.private, "siblings": siblings}
        return _json({**known, "tags": [], "downloads": 0, "likes": 0})

    def refs(self, request: Request, repo: str) -> Answer:
        found = self._repository(request, repo)
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": found.head.oid}
        tags = [
            {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid}
            for tag, oid in found.tags.items()
        ]
        return _json({"branches": [main], "converts": [], "tags": tags})

    def tree(self, request: Request, repo: str, rev: str, below: str | None = None) -> Answer:
        at = self._repository(request, repo).at(rev)
        start = f"{below}/" if below else ""
        paths = [path for path in sorted(at.files) if path.startswith(start)]
        if below and not paths:
            raise Refused(404, f"{below} does not exist on {rev}", "EntryNotFound")
        whole = request.query.get("recursive", ["false"])[0].lower() == "true"
        folders = {start + path[len(start) :].split("/")[0] for path in paths} - {*paths}
        listed = [describe(at, p) for p in paths if whole or "/" not in p[len(start) :]]
        return _json([*(_folder(name) for name in sorted(folders)), *listed])

    def paths_info(self, request: Request, repo: str, rev: str) -> Answer:
        at = self._repository(request, repo).at(rev)
        found = []
        for path in parse_qs(request.body.decode())["paths"]:
            if path in at.files:
                found.append(describe(at, path))
            elif any(name.startswith(f"{path}/") for name in at.files):
                found.append(_folder(path))
        return _json(found)

    def validate(self, _request: Request) -> Answer:
        return _json({"errors": [], "warnings": []})

    def preupload(self, request: Request, repo: str, rev: str) -> Answer:
        self._may_write(request)
        at = self._repository(request, repo).at(rev)
        files = []
        for file in request.json()["files"]:
            path = file["path"]
            mode = "lfs" if path.endswith((".parquet", ".png")) else "regular"
            oid = at.large.get(path) or (git_oid(at.files[path]) if path in at.files else None)
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return _json({"files": files, "commitOid": at.oid})

    def batch(self, request: Request, repo: str) -> Answer:
        self._may_write(request)
        self._repository(request, repo)
        objects = []
        for asked in request.json()["objects"]:
            actions = {"upload": {"href": f"{self.url}/lfs/{asked['oid']}"}}
            there = asked["oid"] in self.blobs
            objects.append(asked if there else {**asked, "actions": actions})
        return _json({"transfer": "basic", "objects": objects})

    def upload(self, request: Request, oid: str) -> Answer:
        if hashlib.sha256(request.body).hexdigest() != oid:
            raise Refused(400, "the file is not the one announced")
        self.blobs[oid] = request.body
        return Answer()

    def download(self, request: Request, oid: str) -> Answer:
        assert not request.token, "the token was told to another host"
        return Answer(200, self.blobs[oid], {"ETag": f'"{oid}"'})

    def commit(self, request: Request, repo: str, rev: str) -> Answer:
        self._may_write(request)
        assert rev == "main"
        lines = [json.loads(line) for line in request.body.splitlines()]
        made = commit(self._repository(request, repo), lines, self.blobs)
        url = f"{self.url}/datasets/{repo}/commit/{made.oid}"
        return _json({"success": True, "commitOid": made.oid, "commitUrl": url})

    def tag(self, request: Request, repo: str, rev: str) -> Answer:
        self._may_write(request)
        found = self._repository(request, repo)
        name = request.json()["tag"]
        if name in found.tags:
            raise Refused(409, f"Tag reference {name} exists already")
        found.tags[name] = found.at(rev).oid
        return _json({})

    def resolve(self, request: Request, repo: str, rev: str, path: str) -> Answer:
        at = self._repository(request, repo).at(rev)
        if path not in at.files:
            raise Refused(404, "Entry not found", "EntryNotFound")
        headers = {"X-Repo-Commit": at.oid, "ETag": f'"{git_oid(at.files[path])}"'}
        if path not in at.large:
            return Answer(200, at.files[path], headers)
        size = str(len(at.files[path]))
        linked = {"X-Linked-Etag": f'"{at.large[path]}"', "X-Linked-Size": size}
        return Answer(
            302, b"", headers | linked | {"Location": f"{self.files_url}/lfs/{at.large[path]}"}
        )

    def meddle(self, repo: str, path: str, data: bytes) -> Commit:
        """Commit a file past everybody, as somebody else does."""
        found = self.repositories[repo]
        made = Commit(git_oid(data), {**found.head.files, path: data}, found.head.large, "meddle")
        found.commits.append(made)
        return made


_REPO, _REV = r"(?P<repo>[^/]+/[^/]+)", r"(?P<rev>[^/]+)"
_ROUTES: list[tuple[str, Callable[..., Answer]]] = [
    ("GET /api/whoami-v2", LocalHub.whoami),
    ("POST /api/repos/create", LocalHub.create),
    ("POST /api/validate-yaml", LocalHub.validate),
    (f"GET /api/datasets/{_REPO}", LocalHub.info),
    (f"GET /api/datasets/{_REPO}/revision/{_REV}", LocalHub.info),
    (f"GET /api/datasets/{_REPO}/refs", LocalHub.refs),
    (f"GET /api/datasets/{_REPO}/tree/{_REV}(?:/(?P<below>.+))?", LocalHub.tree),
    (f"POST /api/datasets/{_REPO}/paths-info/{_REV}", LocalHub.paths_info),
    (f"POST /api/datasets/{_REPO}/preupload/{_REV}", LocalHub.preupload),
    (f"POST /api/datasets/{_REPO}/commit/{_REV}", LocalHub.commit),
    (f"POST /api/datasets/{_REPO}/tag/{_REV}", LocalHub.tag),
    (rf"POST /datasets/{_REPO}\.git/info/lfs/objects/batch", LocalHub.batch),
    (f"(?:GET|HEAD) /datasets/{_REPO}/resolve/{_REV}/(?P<path>.+)", LocalHub.resolve),
    ("PUT /lfs/(?P<oid>[0-9a-f]{64})", LocalHub.upload),
    ("(?:GET|HEAD) /lfs/(?P<oid>[0-9a-f]{64})", LocalHub.download),
]
_CHANGES = re.compile(r"PUT |POST .*(/create|/commit/main|/tag/[^/]+|/batch)$")


def _json(value: object) -> Answer:
    return Answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _folder(path: str) -> dict[str, Any]:
    return {"type": "directory", "path": path, "oid": git_oid(path.encode()), "size": 0}
