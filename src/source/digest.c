/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "source/digest.h"

#define HALF 16U /* bytes */

void
digest_text(const char *text, size_t len, char out[DIGEST_MAX])
{
	static const char prefix[] = "sha256:";
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };

	(void)EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL);
	memcpy(out, prefix, sizeof(prefix));
	for (size_t i = 0; i < HALF; i++)
		(void)snprintf(
		    out + sizeof(prefix) - 1 + 2 * i, 3, "%02x", digest[i]);
}
