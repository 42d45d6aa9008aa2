# net: HTTP on the loop

noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	src/net/fail.c \
	src/net/head.c \
	src/net/http.c src/net/http.h src/net/http_priv.h \
	src/net/listen.c src/net/listen.h \
	src/net/listener.c src/net/listener.h \
	src/net/redact.c src/net/redact.h \
	src/net/request.c \
	src/net/trace.c \
	src/net/url.c \
	src/net/verify.c src/net/verify.h

NET_LIBS = libnet.a $(KEYFILE_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/net tests/unit/net_http tests/unit/net_fault \
	tests/unit/net_trace tests/unit/net_listener
NET_TEST_PEERS = \
	tests/unit/net_get.c tests/unit/net_get.h \
	tests/unit/net_peer.c tests/unit/net_peer.h \
	tests/unit/net_tls.c tests/unit/net_tls.h
NET_TEST_LIBS = $(NET_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_net_SOURCES = tests/unit/net.c
tests_unit_net_LDADD = $(NET_TEST_LIBS)
tests_unit_net_http_SOURCES = tests/unit/net_http.c $(NET_TEST_PEERS)
tests_unit_net_http_LDADD = $(NET_TEST_LIBS)
tests_unit_net_fault_SOURCES = tests/unit/net_fault.c $(NET_TEST_PEERS)
tests_unit_net_fault_LDADD = $(NET_TEST_LIBS)
tests_unit_net_listener_SOURCES = tests/unit/net_listener.c
tests_unit_net_listener_LDADD = $(NET_TEST_LIBS)
tests_unit_net_trace_SOURCES = tests/unit/net_trace.c $(NET_TEST_PEERS)
tests_unit_net_trace_LDADD = $(NET_TEST_LIBS)
endif
