/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stddef.h>

#include <openssl/x509_vfy.h>

#include "base/obj.h"
#include "net/verify.h"

/* What went wrong with the peer's certificate, and what mends it. */
static const struct {
	long code; /* CURLINFO_SSL_VERIFYRESULT */
	const char *words;
} verify_words[] = {
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	    "its certificate comes from a CA that is not known here; a "
	    "TLS-inspecting proxy? give its CA in ca-file" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
	    "its certificate comes from a CA that is not known here; a "
	    "TLS-inspecting proxy? give its CA in ca-file" },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
	    "it sent no intermediate certificate, or its CA is not known "
	    "here; a TLS-inspecting proxy? give its CA in ca-file" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
	    "its certificate comes from a private CA that is not known here; "
	    "a TLS-inspecting proxy? give its CA in ca-file" },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
	    "its certificate is self-signed; if it is the right one, give it "
	    "in ca-file" },
	{ X509_V_ERR_CERT_HAS_EXPIRED,
	    "its certificate has expired; renew it there, or set this host's "
	    "clock (NTP) if that is wrong" },
	{ X509_V_ERR_CERT_NOT_YET_VALID,
	    "its certificate is not valid yet; is this host's clock (NTP) "
	    "right?" },
	{ X509_V_ERR_CERT_REVOKED, "its certificate was revoked" },
	{ X509_V_ERR_EE_KEY_TOO_SMALL,
	    "its certificate's key is too short for this host's policy" },
	{ X509_V_ERR_CA_MD_TOO_WEAK,
	    "its certificate's signature is too weak for this host's policy" },
};

const char *
http__verify_words(long code)
{
	for (size_t i = 0; i < NELEM(verify_words); i++) {
		if (verify_words[i].code == code)
			return verify_words[i].words;
	}
	return NULL;
}
