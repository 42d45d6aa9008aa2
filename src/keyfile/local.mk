# keyfile: sections, keys, values, positions, fault reports

noinst_LIBRARIES += libkeyfile.a
libkeyfile_a_SOURCES = \
	src/keyfile/fault.c src/keyfile/fault.h \
	src/keyfile/keyfile.c src/keyfile/keyfile.h \
	src/keyfile/keyfile_priv.h \
	src/keyfile/near.c \
	src/keyfile/place.c \
	src/keyfile/scan.c \
	src/keyfile/word.c

KEYFILE_LIBS = libkeyfile.a $(BASE_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/keyfile
tests_unit_keyfile_SOURCES = tests/unit/keyfile.c
tests_unit_keyfile_LDADD = $(KEYFILE_LIBS) $(CMOCKA_LIBS)
endif
