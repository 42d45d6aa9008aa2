# cef: the dictionary; events to bytes

noinst_LIBRARIES += libcef.a
libcef_a_SOURCES = src/cef/cef.h

CEF_LIBS = libcef.a $(KEYFILE_LIBS)
