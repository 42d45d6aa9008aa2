# auth: tokens

noinst_LIBRARIES += libauth.a
libauth_a_SOURCES = src/auth/auth.h

AUTH_LIBS = libauth.a $(NET_LIBS)
