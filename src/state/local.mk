# state: cursors, passes, memory, gaps

noinst_LIBRARIES += libstate.a
libstate_a_SOURCES = src/state/state.h

STATE_LIBS = libstate.a $(KEYFILE_LIBS)
