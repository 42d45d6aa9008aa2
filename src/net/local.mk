# net: HTTP on the loop

noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	src/net/fail.c \
	src/net/head.c \
	src/net/http.c src/net/http.h src/net/http_priv.h \
	src/net/request.c \
	src/net/url.c \
	src/net/verify.c src/net/verify.h

NET_LIBS = libnet.a $(KEYFILE_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/net
tests_unit_net_SOURCES = tests/unit/net.c
tests_unit_net_LDADD = $(NET_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
endif
