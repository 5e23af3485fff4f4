PYTHON ?= python3
BIN := .venv/bin
export PIP_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint docs bench picture clean

demo: .venv/server.installed  ## the whole road on the sample corpus, into demo/
	$(BIN)/annotate demo --workspace demo
	@echo 'Here the command is $(BIN)/annotate.'

# More processes than a small machine has cores: half of its time a test waits for a server.
test: .venv/test.installed  ## every test, on a real Label Studio and in a real browser
	$(BIN)/python -m tests.browser
	$(BIN)/pytest --numprocesses 4 --dist worksteal --durations 25

lint: .venv/all.installed  ## style, types, layers, and whether the generated docs are current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

docs: .venv/all.installed  ## make the generated docs anew
	$(BIN)/python -m docs.generate

bench: .venv/bench.installed  ## reading and clustering beside their peers; takes ten minutes
	$(BIN)/python -m benchmarks.corpus

picture: .venv/test.installed  ## the README's picture, from the browser test
	$(BIN)/pytest tests/test_labelling_page.py
	cp build/pictures/page-light.png docs/images/labelling-page.png

clean:
	rm -rf .venv demo build dist

# `.venv/test.installed` stands for the extra `test`; it is older than what it was made from
# when the extra has to be installed again.
.venv/%.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "annotate needs Python 3.11 or later; name one with PYTHON=…"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing annotate-corpus[$*] into .venv; the first time takes a minute or two …"
	@# Before 24.1 pip stumbles over an extra that two packages spell differently.
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=24.1'
	@$(BIN)/pip install --quiet --editable '.[$*]'
	@touch $@
