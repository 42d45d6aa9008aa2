# auth: tokens

noinst_LIBRARIES += libauth.a
libauth_a_SOURCES = \
	src/auth/advice.c \
	src/auth/answer.c \
	src/auth/auth.c src/auth/auth.h src/auth/auth_priv.h \
	src/auth/claims.c src/auth/claims.h \
	src/auth/endpoint.c \
	src/auth/explain.c \
	src/auth/file.c \
	src/auth/assertion.c src/auth/assertion.h \
	src/auth/grant.c \
	src/auth/grant_certificate.c \
	src/auth/grant_federated.c \
	src/auth/grant_imds.c \
	src/auth/grant_refresh.c \
	src/auth/login.c src/auth/login.h \
	src/auth/pair.c \
	src/auth/redirect.c src/auth/redirect.h \
	src/auth/store.c src/auth/store.h \
	src/auth/grant_secret.c \
	src/auth/set.c src/auth/set.h \
	src/auth/tenant.c src/auth/tenant.h

AUTH_LIBS = libauth.a $(NET_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/auth tests/unit/auth_live tests/unit/auth_fault \
	tests/unit/auth_claims tests/unit/auth_share
AUTH_TEST_LIBS = $(AUTH_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
AUTH_TEST_PEERS = \
	tests/unit/auth_peer.c tests/unit/auth_peer.h \
	tests/unit/net_get.c tests/unit/net_get.h \
	tests/unit/net_peer.c tests/unit/net_peer.h
tests_unit_auth_SOURCES = tests/unit/auth.c
tests_unit_auth_LDADD = $(AUTH_TEST_LIBS)
tests_unit_auth_live_SOURCES = tests/unit/auth_live.c $(AUTH_TEST_PEERS)
tests_unit_auth_live_LDADD = $(AUTH_TEST_LIBS)
tests_unit_auth_fault_SOURCES = tests/unit/auth_fault.c $(AUTH_TEST_PEERS)
tests_unit_auth_fault_LDADD = $(AUTH_TEST_LIBS)
tests_unit_auth_claims_SOURCES = tests/unit/auth_claims.c
tests_unit_auth_claims_LDADD = $(AUTH_TEST_LIBS)
tests_unit_auth_share_SOURCES = tests/unit/auth_share.c $(AUTH_TEST_PEERS)
tests_unit_auth_share_LDADD = $(AUTH_TEST_LIBS)
endif
