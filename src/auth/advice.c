/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "auth/auth_priv.h"
#include "base/obj.h"

/*
 * Entra's error numbers.  Its documents call them subject to change, so they
 * choose words and nothing else.  Grouped by what must be mended, each group
 * sorted.
 */
static const struct auth_advice table[] = {
	/* the secret */
	{ 7000215,
	    "the client secret is wrong; copy the secret's Value (not its "
	    "Secret ID) from Certificates & secrets of this very application" },
	{ 7000222,
	    "the client secret has expired; make a new one in the "
	    "application's Certificates & secrets and replace the file, which "
	    "is read again by itself" },
	{ 7000218,
	    "the request had to carry a secret or an assertion; set "
	    "client-secret-file or another credential, or allow public client "
	    "flows for the application" },
	{ 7000216,
	    "the request had to carry a secret or an assertion; set "
	    "client-secret-file or another credential" },
	{ 700025,
	    "the application is registered as a public client and may not "
	    "send a secret; register it as Web, or remove the secret" },
	/* certificate, assertion, federation */
	{ 50012,
	    "the assertion is not valid; set this host's clock (NTP), "
	    "then check certificate and key" },
	{ 50013,
	    "the assertion is not valid; set this host's clock (NTP), "
	    "and make sure that the federated token file is fresh" },
	{ 500133,
	    "the assertion is outside its time range; set this host's "
	    "clock (NTP)" },
	{ 700024,
	    "the assertion is outside its time range; set this host's "
	    "clock (NTP), and make sure that a federated token file is "
	    "fresh" },
	{ 700027,
	    "the assertion is signed with a key that the application does "
	    "not know; upload this certificate in Certificates & secrets, or "
	    "configure the one that is there" },
	{ 1000502,
	    "the certificate is outside its validity; renew it, "
	    "upload it and replace the file" },
	{ 7000214,
	    "the certificate was revoked; renew it, upload it and "
	    "replace the file" },
	{ 7000274,
	    "the certificate is outside its validity; renew it, "
	    "upload it and replace the file" },
	{ 7000277,
	    "the certificate is outside its validity; renew it, "
	    "upload it and replace the file" },
	{ 70021,
	    "no federated credential of the application fits; compare "
	    "issuer, subject and audience letter by letter" },
	{ 700211,
	    "no federated credential has this issuer; compare it "
	    "letter by letter" },
	{ 700212,
	    "no federated credential has this audience; it is "
	    "api://AzureADTokenExchange in the public cloud" },
	{ 700213,
	    "no federated credential has this subject; compare it "
	    "letter by letter" },
	{ 7002131,
	    "no federated credential has this subject; compare it "
	    "letter by letter" },
	/* application, tenant, cloud */
	{ 70001,
	    "the application is not in this tenant; check client-id, "
	    "tenant and cloud" },
	{ 700011,
	    "the application is not in this tenant; check client-id, "
	    "tenant and cloud" },
	{ 700016,
	    "the application is not in this tenant; check client-id, tenant "
	    "and cloud, or grant consent to it in this tenant" },
	{ 7000112,
	    "the application is disabled; enable it under Enterprise "
	    "applications" },
	{ 7000229,
	    "the application has no service principal in this tenant; "
	    "grant consent to it there" },
	{ 90002,
	    "the tenant does not exist in this cloud; check tenant, and "
	    "whether cloud is right" },
	{ 900023,
	    "the tenant is neither an id nor a domain that Entra knows; set "
	    "tenant to the Directory (tenant) ID" },
	{ 90038, "the tenant lives in another national cloud; set cloud" },
	{ 900382, "the tenant lives in another national cloud; set cloud" },
	{ 900432,
	    "the application or tenant lives in another national "
	    "cloud; set cloud" },
	{ 900439,
	    "the application lives in another national cloud; set "
	    "cloud" },
	{ 50194,
	    "the application is for one tenant only; set tenant to its "
	    "id instead of common or organizations" },
	{ 9001023,
	    "this grant wants a tenant; set tenant to its id instead "
	    "of common or organizations" },
	/* the API and consent */
	{ 500011,
	    "the API is not present in this tenant; check scope (or "
	    "resource) and cloud, and that the Defender product is enabled "
	    "and consented to" },
	{ 650052,
	    "the tenant has no licence for, or no consent to, this "
	    "API; enable the product, then grant admin consent" },
	{ 65001,
	    "nobody consented to this application; grant admin consent "
	    "under API permissions" },
	{ 650056,
	    "the application lacks permissions or consent; add them "
	    "and grant admin consent under API permissions" },
	{ 650057,
	    "the application does not list this API; add it and grant "
	    "admin consent under API permissions" },
	{ 90094,
	    "an administrator must consent; grant admin consent under "
	    "API permissions" },
	{ 90095,
	    "an administrator must consent; the request waits for "
	    "approval" },
	{ 28002,
	    "the scope is malformed; write scope as "
	    "https://API-HOST/.default" },
	{ 70011,
	    "the scope is not valid; write scope as "
	    "https://API-HOST/.default of the configured cloud" },
	{ 700022,
	    "the scope names several APIs; write one "
	    "https://API-HOST/.default" },
	{ 700023,
	    "the scope names several APIs; write one "
	    "https://API-HOST/.default" },
	{ 1002012,
	    "an application's scope ends in /.default; write scope as "
	    "https://API-HOST/.default" },
	{ 901002,
	    "the v2 token endpoint does not take resource; set scope "
	    "instead" },
	/* users and their sign-in */
	{ 50011,
	    "the redirect URI is not registered; add http://localhost "
	    "under Mobile and desktop applications" },
	{ 50034,
	    "the user does not exist in this tenant; check the account "
	    "and tenant" },
	{ 50020,
	    "the user belongs to another tenant; sign in with one of this "
	    "tenant, or check tenant" },
	{ 50105,
	    "the user is not assigned to the application; assign the user "
	    "under Enterprise applications, Users and groups" },
	{ 501051,
	    "the application is not assigned to a role of the API; assign it, "
	    "or turn off \"Assignment required\" of the API" },
	{ 500121, "the multi-factor sign-in failed; run cefwd login again" },
	{ 50053,
	    "the account is locked; its owner must wait or reset the "
	    "password" },
	{ 50055,
	    "the account's password has expired; its owner must change "
	    "it" },
	{ 50056,
	    "the account has no valid password here; its owner must "
	    "sign in with the organization's own page" },
	{ 50057, "the account is disabled; enable it or use another" },
	{ 50126, "user name or password is wrong; sign in again" },
	{ 50074,
	    "multi-factor authentication is required; run cefwd login, "
	    "or use an application identity" },
	{ 50076,
	    "multi-factor authentication is required; run cefwd login, "
	    "or use an application identity" },
	{ 50078,
	    "the multi-factor sign-in is too old; run cefwd login, or "
	    "use an application identity" },
	{ 50079,
	    "the user must enrol for multi-factor authentication; sign "
	    "in with a browser once, then run cefwd login" },
	{ 50158,
	    "Conditional Access wants a further proof; run cefwd login, "
	    "or use an application identity" },
	{ 50132, "the session was revoked; run cefwd login" },
	{ 50133,
	    "the session ended with a change of password; run cefwd "
	    "login" },
	{ 50173,
	    "the sign-in was revoked, by a change of password perhaps; "
	    "run cefwd login" },
	{ 53000,
	    "Conditional Access wants a compliant device; exempt this "
	    "identity, or use an application identity" },
	{ 53001,
	    "Conditional Access wants a joined device; exempt this "
	    "identity, or use an application identity" },
	{ 53002,
	    "Conditional Access does not approve this application; "
	    "exempt it" },
	{ 53003,
	    "Conditional Access refuses this sign-in; exempt this "
	    "identity or its network in the policy, and do not use the "
	    "device code" },
	{ 530032,
	    "the tenant's security policy refuses this sign-in; exempt "
	    "this identity, or use an application identity" },
	{ 530035,
	    "security defaults refuse this sign-in; run cefwd login "
	    "without the device code, or use an application identity" },
	{ 530036,
	    "the tenant refuses the device code; run cefwd login "
	    "without it" },
	{ 54005, "the sign-in code was used already; run cefwd login again" },
	{ 70000, "the grant is not valid; run cefwd login again" },
	{ 501481,
	    "the sign-in's proof key does not fit; run cefwd login "
	    "again" },
	{ 70008, "the refresh token has expired; run cefwd login" },
	{ 70016, "the user has not entered the code yet" },
	{ 70043,
	    "the refresh token was ended by the tenant's sign-in "
	    "frequency; run cefwd login, or use an application identity "
	    "that needs none" },
	{ 700082,
	    "the refresh token was not used for too long and has "
	    "expired; run cefwd login" },
	/* the service itself */
	{ 50033, "a passing fault of the service; it is tried again" },
	{ 50087, "a passing fault of the service; it is tried again" },
	{ 50196,
	    "Entra saw too many identical requests; look for a second "
	    "program with this identity" },
	{ 90006, "a passing fault of the service; it is tried again" },
	{ 90012, "the service timed out; it is tried again" },
	{ 90024, "the service is being limited; it is tried again" },
	{ 90033, "a passing fault of the service; it is tried again" },
	{ 90055, "too many requests; it is tried again" },
	{ 90090, "a passing fault of the service; it is tried again" },
};

const struct auth_advice *
auth__advice(uint64_t code)
{
	for (size_t i = 0; i < NELEM(table); i++) {
		if (table[i].code == code)
			return &table[i];
	}
	return NULL;
}

const struct auth_advice *
auth__advice_at(size_t i)
{
	return i < NELEM(table) ? &table[i] : NULL;
}
