# keyfile: sections, keys, values, positions, fault reports

noinst_LIBRARIES += libkeyfile.a
libkeyfile_a_SOURCES = \
	src/keyfile/fault.h \
	src/keyfile/keyfile.h \
	src/keyfile/near.c

KEYFILE_LIBS = libkeyfile.a $(BASE_LIBS)
