# syslog: frame, queue, settle, replay

noinst_LIBRARIES += libsyslog.a
libsyslog_a_SOURCES = \
	src/syslog/conn.c src/syslog/conn.h \
	src/syslog/dest.c src/syslog/dest.h \
	src/syslog/file.c \
	src/syslog/frame.c src/syslog/frame.h \
	src/syslog/queue.c src/syslog/queue.h \
	src/syslog/resolve.c src/syslog/resolve.h \
	src/syslog/scout.c src/syslog/scout.h \
	src/syslog/settle.c src/syslog/settle.h \
	src/syslog/sockdiag.c src/syslog/sockdiag.h \
	src/syslog/spool.c src/syslog/spool.h \
	src/syslog/stream.c src/syslog/stream.h \
	src/syslog/tcp.c \
	src/syslog/tls.c src/syslog/tls.h \
	src/syslog/tls_context.c \
	src/syslog/transport.h \
	src/syslog/udp.c \
	src/syslog/url.c

SYSLOG_LIBS = libsyslog.a $(NET_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/syslog_parts tests/unit/syslog_tcp \
	tests/unit/syslog_udp tests/unit/syslog_failover \
	tests/unit/syslog_file
tests_unit_syslog_parts_SOURCES = tests/unit/syslog_parts.c
tests_unit_syslog_parts_LDADD = $(SYSLOG_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_syslog_tcp_SOURCES = tests/unit/syslog_tcp.c \
	tests/unit/syslog_rig.c tests/unit/syslog_rig.h
tests_unit_syslog_tcp_LDADD = $(SYSLOG_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_syslog_udp_SOURCES = tests/unit/syslog_udp.c \
	tests/unit/syslog_rig.c tests/unit/syslog_rig.h
tests_unit_syslog_udp_LDADD = $(SYSLOG_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_syslog_file_SOURCES = tests/unit/syslog_file.c \
	tests/unit/syslog_rig.c tests/unit/syslog_rig.h
tests_unit_syslog_file_LDADD = $(SYSLOG_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_syslog_failover_SOURCES = tests/unit/syslog_failover.c \
	tests/unit/syslog_rig.c tests/unit/syslog_rig.h
tests_unit_syslog_failover_LDADD = $(SYSLOG_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
endif
