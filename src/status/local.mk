# status: what the service tells of itself

noinst_LIBRARIES += libstatus.a
libstatus_a_SOURCES = \
	src/status/health.c \
	src/status/json.c \
	src/status/metrics.c \
	src/status/status.c src/status/status.h src/status/status_priv.h

STATUS_LIBS = libstatus.a $(LANE_LIBS)
