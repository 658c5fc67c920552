# Two commands on a fresh machine with Python 3.11+, pip and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CLAIMS := audit_soundness common_task conv_pool_speed decoder decoder_known gradients lecture_table location30 output_perturbation pool_speed \
  white_box likes ratings scoreboard_speed netflix_size unicity traces_size location_meter aggregates faces digits_obscured worlds_once rate_intervals rate_means \
  answers dpsgd_speed dpsgd_accuracy null_audits tables_linkage tables_inference tables_recoding tables_uniqueness tables_large ledger frequencies crosstabs private_session explorer training_audit exposure rebuild rebuild_networks attribute_inversion inversion kkt inversion_people digits_histograms frontier synthetic_utility synthetic_files synthetic_private synthetic_worlds synthesis synthesis_plausible synthesis_forecasts synthetic_secrets large_model_audit estimates secure_sum protocol_audit selective_sgd dp_fedavg pate cronus gradient_inversion property_inference selective_sgd_mnist federated_membership federated_active collaboration_chart matching joint join_killed match_killed outsource_killed outsourced computation_outputs one_exchange
FLOWER := .venv-flower
EXTRAS := torch,onnx,skops,ray,data,demo,postgresql,splink,numba,query,serve,spark,train,text,collaborate,match,share,encrypt

# Real data sets, where somebody keeps them beside the checkout; the package itself knows no such path.
ifeq ($(origin CONFIDE_DATA), undefined)
ifneq ($(wildcard ../shared/data),)
export CONFIDE_DATA := $(abspath ../shared/data)
endif
endif
export OMP_NUM_THREADS ?= 1

.PHONY: demo test flower check style types words wheel slow fuzz bench docs clean
.DEFAULT_GOAL := test

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]' --group dev
	@touch $@

demo: $(STAMP)   ## audit two models of a sensitive survey and write confide-demo/
	$(BIN)/confide demo --out confide-demo

# Workers take runs of neighbouring tests from each other, so that what neighbours share is made once.
# Bytecode is kept even where the environment says not to: every test that starts a process would compile again.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q -n 2 --dist worksteal
# Noise that protects people has no seed: some test of it fails by chance in about one run of a hundred. In continuous
# integration what failed (exit code 1, and nothing else) is run once more by itself; a fault fails again.
ONCE_MORE := $(if $(CI),|| { [ $$? -eq 1 ] && $(BIN)/pytest -v --last-failed --last-failed-no-failures none -m "slow or not slow"; })

test: $(STAMP)   ## every fast test and doctest, about five minutes on two cores
	$(PYTEST) $(ONCE_MORE)

check: style types wheel   ## style, types, floors, import circles, words, languages, and the built wheel in a bare environment

style: $(STAMP)  ## only style, floors, import circles, words and languages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python tests/checks/circles.py
	$(BIN)/python tests/checks/words.py
	$(BIN)/python tests/checks/languages.py

types: $(STAMP)  ## only the types
	$(BIN)/basedpyright

words: $(STAMP)  ## only the words that prose must not use, wherever a person reads
	$(BIN)/python tests/checks/words.py

wheel: $(STAMP)  ## build the wheel and use it in an environment that has nothing else
	PYTHON=$(PYTHON) bash tests/checks/wheel.sh

slow: $(STAMP)   ## what is no fast test: many worlds, other processes, killed pools, Ray, large data sets, docs
	$(PYTEST) -m slow $(ONCE_MORE)

# Flower's pins cannot share the environment of the rest (packaging, protobuf, rich, fastapi).
$(FLOWER)/.installed: pyproject.toml constraints-flower.txt
	$(PYTHON) -m venv $(FLOWER)
	$(FLOWER)/bin/python -m pip install --quiet --constraint constraints-flower.txt --editable '.[flower,train]' pytest hypothesis
	@touch $@

flower: $(FLOWER)/.installed   ## in an environment of its own: a server and three parties as processes, three minutes
	$(FLOWER)/bin/pytest -q -s tests/serve/flower/test_apps.py tests/serve/flower/test_federation.py tests/serve/flower/test_commands.py

fuzz: $(STAMP)   ## each reader of files meets other inputs for ten minutes: an hour on one core
	nice -n 10 $(BIN)/python -m tests.fuzz
	nice -n 10 $(BIN)/python -m tests.models.skops.mutants

bench: $(STAMP)  ## every benchmark; writes the tables in benchmarks/results/
	for name in $(CLAIMS); do $(BIN)/python benchmarks/$$name.py --write || failed=1; done; exit $${failed:-0}

docs: $(STAMP)   ## the documentation, into site/, without warnings
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) dist site confide-demo
