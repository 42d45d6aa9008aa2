# base: what every room may use

noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/backoff.c src/base/backoff.h \
	src/base/buf.c src/base/buf.h \
	src/base/clk.c src/base/clk.h \
	src/base/err.c src/base/err.def src/base/err.h \
	src/base/journal.c \
	src/base/limits.h \
	src/base/log.c src/base/log.h \
	src/base/log_line.c src/base/log_line.h \
	src/base/mem.c src/base/mem.h \
	src/base/num.c src/base/num.h \
	src/base/obj.h \
	src/base/secret.c src/base/secret.h \
	src/base/stamp.c src/base/stamp.h \
	src/base/utf8.c src/base/utf8.h

BASE_LIBS = libbase.a $(SYSTEMD_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/base
tests_unit_base_SOURCES = tests/unit/base.c
tests_unit_base_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base_log
tests_unit_base_log_SOURCES = tests/unit/base_log.c
tests_unit_base_log_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
endif
