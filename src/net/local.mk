# net: HTTP on the loop

noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = src/net/http.h

NET_LIBS = libnet.a $(KEYFILE_LIBS)
