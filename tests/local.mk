# tests that need the whole program, and lint

PY_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_COMPILER = $(PYTHON3) $(top_srcdir)/tests/scenario/tap.py

scenarios = \
	tests/scenario/test_agreement.py \
	tests/scenario/test_api.py \
	tests/scenario/test_apis.py \
	tests/scenario/test_backlog.py \
	tests/scenario/test_broken.py \
	tests/scenario/test_checker.py \
	tests/scenario/test_convert.py \
	tests/scenario/test_failover.py \
	tests/scenario/test_faults.py \
	tests/scenario/test_file.py \
	tests/scenario/test_flat.py \
	tests/scenario/test_framing.py \
	tests/scenario/test_gaps.py \
	tests/scenario/test_grants.py \
	tests/scenario/test_health.py \
	tests/scenario/test_kill.py \
	tests/scenario/test_live.py \
	tests/scenario/test_log.py \
	tests/scenario/test_login.py \
	tests/scenario/test_long.py \
	tests/scenario/test_loss.py \
	tests/scenario/test_many.py \
	tests/scenario/test_map_manual.py \
	tests/scenario/test_map_wants.py \
	tests/scenario/test_oidc.py \
	tests/scenario/test_once.py \
	tests/scenario/test_reload.py \
	tests/scenario/test_replay.py \
	tests/scenario/test_run.py \
	tests/scenario/test_schedules.py \
	tests/scenario/test_secrets.py \
	tests/scenario/test_service.py \
	tests/scenario/test_shipped_maps.py \
	tests/scenario/test_status.py \
	tests/scenario/test_tls.py \
	tests/scenario/test_translate.py

TESTS += tests/lint/run $(scenarios)
$(scenarios:.py=.log): cefwd$(EXEEXT)

EXTRA_DIST += tests/lint tests/maps tests/oidc tests/scenario tests/sim

# Preloaded into a program that no sanitizer is linked to twice: without
# CFLAGS.
check_DATA += tests/sim/nodiag.so
CLEANFILES += tests/sim/nodiag.so
tests/sim/nodiag.so: $(srcdir)/tests/sim/nodiag.c
	@$(MKDIR_P) tests/sim
	$(AM_V_CC)$(CC) -O2 -fPIC -shared -o $@ $(srcdir)/tests/sim/nodiag.c
tests/scenario/test_kill.log: tests/sim/nodiag.so

# The whole matrix of receivers and breaks; make check runs a small cut of it.
# KILL="--long", "--only rsyslog", ...: kill_matrix.py --help
KILL =
.PHONY: check-kill
check-kill: cefwd$(EXEEXT) tests/sim/nodiag.so
	$(AM_TESTS_ENVIRONMENT) $(PYTHON3) \
	    $(srcdir)/tests/scenario/kill_matrix.py $(KILL)

# A day of polls at 50 ms; make check runs a small cut of it.
.PHONY: check-long
check-long: cefwd$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) $(PYTHON3) $(srcdir)/tests/scenario/long.py

# Whole folders are taken, from the build too: also what tests left there.
dist-hook: dist-hook-tests
dist-hook-tests:
	find '$(distdir)/tests' -name __pycache__ -prune -exec rm -rf {} +
	find '$(distdir)/tests' -name '*.log' -exec rm -f {} +
	find '$(distdir)/tests' -name '*.trs' -exec rm -f {} +

# lint's memory of what it has looked at; what npm brought
clean-local: clean-local-tests
clean-local-tests:
	rm -rf cppcheck oidc-provider

# Random schedules of faults and kills; SEED=17 COUNT=1 runs one again.
SEED = 1
COUNT = 200
check-faults: cefwd$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) $(PYTHON3) \
	    $(srcdir)/tests/scenario/schedules.py --seed $(SEED) --count $(COUNT)

# Hundreds of tenants on one loop, some of them ill; make check takes sixty.
FEEDS = 500
check-many: cefwd$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) $(PYTHON3) \
	    $(srcdir)/tests/scenario/many.py --feeds $(FEEDS)

.PHONY: check-faults check-many lint dist-hook-tests clean-local-tests
lint: all
	$(AM_TESTS_ENVIRONMENT) PYTHON3='$(PYTHON3)' \
	    $(srcdir)/tests/lint/run --all
