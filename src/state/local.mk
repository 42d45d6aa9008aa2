# state: cursors, passes, memory, gaps

noinst_LIBRARIES += libstate.a
libstate_a_SOURCES = \
	src/state/commit.c \
	src/state/schema.h \
	src/state/state.c src/state/state.h src/state/state_priv.h

STATE_LIBS = libstate.a $(KEYFILE_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/state
tests_unit_state_SOURCES = tests/unit/state.c
tests_unit_state_LDADD = $(STATE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
endif
