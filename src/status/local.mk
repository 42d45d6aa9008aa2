# status: what the service tells of itself

noinst_LIBRARIES += libstatus.a
libstatus_a_SOURCES = \
	src/status/health.c \
	src/status/json.c \
	src/status/metrics.c \
	src/status/status.c src/status/status.h src/status/status_priv.h

STATUS_LIBS = libstatus.a $(LANE_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/status
tests_unit_status_SOURCES = tests/unit/status.c
tests_unit_status_LDADD = $(STATUS_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
endif
