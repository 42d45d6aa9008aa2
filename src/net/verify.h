/*
 * verify.h - inside net/: words for a certificate that was not accepted
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_NET_VERIFY_H
#define CEFWD_NET_VERIFY_H

/* X509_V_ERR_...: what is wrong and the mend; NULL: no words for it. */
const char *http__verify_words(long code);

#endif /* CEFWD_NET_VERIFY_H */
