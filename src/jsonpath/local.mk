# jsonpath: RFC 9535

noinst_LIBRARIES += libjsonpath.a
libjsonpath_a_SOURCES = src/jsonpath/jsonpath.h

JSONPATH_LIBS = libjsonpath.a $(KEYFILE_LIBS)
