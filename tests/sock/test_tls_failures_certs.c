#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"
#include "support/failures.h"
#include "support/loop.h"
#include "support/rival.h"
#include "tls/settings.h"

/* Handshakes that fail for the peer's certificate, and some that do not. */

/* The bits of TLS_CERT_VERIFY_RESULT. */
enum {
	EXPIRED = 0x01,
	NAME = 0x04,
	UNTRUSTED = 0x08,
	FUTURE = 0x200,
	USAGE = 0x800,
	EKU = 0x1000,
	BAD_MD = 0x4000,
	BAD_KEY = 0x10000,
	NOT_RUN = -1, /* all of them: it was given up */
};

/* What the clock of this program says, unless that is 0. */
static time_t false_time;

time_t
time(time_t *t)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (false_time != 0)
		now.tv_sec = false_time;
	if (t != NULL)
		*t = now.tv_sec;
	return now.tv_sec;
}

#define NAMED .name = "leaf", .san = "DNS:localhost"
#define MIDDLE .name = "Middle", .ca = true
/* One more, with a name of its own. */
#define LOWER \
	{ \
		.name = NULL, .ca = true \
	}

/* Certificates that the peer shows. */
static const struct cert_row {
	const char *name;
	enum failures_side side;
	struct pki_spec chain[18]; /* the leaf first */
	size_t n;                  /* 0 is 1 */
	size_t sent;               /* of these; 0 is all */
	enum { BY_CA, BY_ITSELF, BY_NAMESAKE, BY_STRANGER } signer;
	const char *hostname; /* NULL is localhost */
	bool unset;           /* it is never set */
	time_t now;           /* what the clock says */
	int flags;            /* 0 is a handshake that is good */
	bool fatal;           /* also for who would go on without it */
	const char *said[FAILURES_SAID];
} certs[] = {
	{ .name = "good", .chain = { { NAMED } } },
	{ .name = "good_with_an_intermediate",
	    .chain = { { NAMED }, { MIDDLE } },
	    .n = 2 },
	{ .name = "good_for_anything",
	    .chain = { { NAMED, .eku = "anyExtendedKeyUsage" } } },
	{ .name = "good_rsa", .chain = { { NAMED, .key = PKI_RSA } } },
	{ .name = "good_ed25519", .chain = { { NAMED, .key = PKI_ED25519 } } },
	{ .name = "good_p384",
	    .chain = { { NAMED, .key = PKI_P384, .digest = PKI_SHA384 } } },
	{ .name = "expired",
	    .chain = { { NAMED, .from_s = -7200, .to_s = -3600 } },
	    .flags = EXPIRED,
	    .said = { "we refused the peer's certificate: certificate has "
	              "expired, reading the ",
	        "depth 0, subject \"CN=leaf\", issuer \"CN=Test CA\"",
	        "valid from ", "Z, and the clock says ",
	        "; the peer needs a new certificate, or the clock is wrong",
	        "sec_tag 1 (CA certificate)" } },
	{ .name = "expired_intermediate",
	    .chain = { { NAMED }, { MIDDLE, .from_s = -7200, .to_s = -3600 } },
	    .n = 2,
	    .flags = EXPIRED,
	    .said = { "certificate has expired",
	        "depth 1, subject \"CN=Middle\"", "valid from " } },
	{ .name = "not_yet_valid",
	    .chain = { { NAMED, .from_s = 3600, .to_s = 7200 } },
	    .flags = FUTURE,
	    .said = { "certificate is not yet valid", "valid from ",
	        "and the clock says 20" } },
	{ .name = "clock_in_1970",
	    .chain = { { NAMED } },
	    .now = 100,
	    .flags = FUTURE,
	    .said = { "certificate is not yet valid",
	        "the clock says 1970-01-01T00:01:40Z", "is the clock set?" } },
	{ .name = "clock_years_behind",
	    .chain = { { NAMED } },
	    .now = 1600000000,
	    .flags = FUTURE,
	    .said = { "certificate is not yet valid",
	        "the clock says 2020-09-13T12:26:40Z", "is the clock set?" } },
	{ .name = "wrong_host",
	    .side = FAILURES_CLIENT,
	    .chain = { { NAMED } },
	    .hostname = "other.test",
	    .flags = NAME,
	    .said = { "hostname mismatch", "expected name \"other.test\"",
	        "presented names: DNS:localhost" } },
	{ .name = "host_never_set",
	    .side = FAILURES_CLIENT,
	    .chain = { { NAMED } },
	    .unset = true,
	    .flags = NAME,
	    .said = { "hostname mismatch", "TLS_HOSTNAME was never set",
	        "presented names: DNS:localhost" } },
	{ .name = "common_name_only",
	    .side = FAILURES_CLIENT,
	    .chain = { { .name = "localhost" } } },
	{ .name = "common_name_only_of_another",
	    .side = FAILURES_CLIENT,
	    .chain = { { .name = "other.test" } },
	    .flags = NAME,
	    .said = { "hostname mismatch", "expected name \"localhost\"",
	        "presented names: common name:other.test" } },
	{ .name = "common_name_beside_other_names",
	    .side = FAILURES_CLIENT,
	    .chain = { { .name = "localhost", .san = "IP:127.0.0.1" } },
	    .flags = NAME,
	    .said = { "hostname mismatch",
	        "its common name is the expected "
	        "one, but does not count" } },
	{ .name = "ip_address",
	    .side = FAILURES_CLIENT,
	    .chain = { { NAMED } },
	    .hostname = "127.0.0.1",
	    .flags = NAME,
	    .said = { "hostname mismatch", "expected name \"127.0.0.1\"",
	        "an address has to be among the certificate's IP addresses" } },
	{ .name = "host_with_a_scheme",
	    .side = FAILURES_CLIENT,
	    .chain = { { NAMED } },
	    .hostname = "https://localhost",
	    .flags = NAME,
	    .said = { "hostname mismatch",
	        "expected name \"https://localhost\"",
	        "TLS_HOSTNAME takes a name only, without scheme and port" } },
	{ .name = "host_with_a_port",
	    .side = FAILURES_CLIENT,
	    .chain = { { NAMED } },
	    .hostname = "localhost:443",
	    .flags = NAME,
	    .said = { "hostname mismatch", "expected name \"localhost:443\"",
	        "TLS_HOSTNAME takes a name only, without scheme and port" } },
	{ .name = "host_with_a_blank",
	    .side = FAILURES_CLIENT,
	    .chain = { { NAMED } },
	    .hostname = "localhost ",
	    .flags = NAME,
	    .said = { "hostname mismatch", "expected name \"localhost \"",
	        "TLS_HOSTNAME takes a name only, without scheme and port" } },
	{ .name = "wildcard",
	    .side = FAILURES_CLIENT,
	    .chain = { { .name = "leaf", .san = "DNS:*.a.test" } },
	    .hostname = "x.y.a.test",
	    .flags = NAME,
	    .said = { "hostname mismatch", "expected name \"x.y.a.test\"",
	        "presented names: DNS:*.a.test" } },
	{ .name = "self_signed",
	    .chain = { { NAMED } },
	    .signer = BY_ITSELF,
	    .flags = UNTRUSTED,
	    .said = { "self-signed certificate", "depth 0",
	        "store the CA certificate of its issuer \"CN=leaf\"" } },
	{ .name = "unknown_ca",
	    .chain = { { NAMED } },
	    .signer = BY_STRANGER,
	    .flags = UNTRUSTED,
	    .said = { "unable to get local issuer certificate",
	        "issuer \"CN=Stranger\"",
	        "the peer shows 1 certificate, and "
	        "none of its issuer" } },
	{ .name = "other_ca_with_the_same_name",
	    .chain = { { NAMED } },
	    .signer = BY_NAMESAKE,
	    .flags = UNTRUSTED,
	    .said = { "certificate signature failure", "issuer \"CN=Test CA\"",
	        "a trusted CA has the name of its issuer, but did not sign "
	        "it" } },
	{ .name = "missing_intermediate",
	    .chain = { { NAMED }, { MIDDLE } },
	    .n = 2,
	    .sent = 1,
	    .flags = UNTRUSTED,
	    .said = { "unable to get local issuer certificate", "depth 0",
	        "issuer \"CN=Middle\"", "is an intermediate missing?" } },
	{ .name = "intermediate_that_is_no_ca",
	    .chain = { { NAMED }, { .name = "Middle" } },
	    .n = 2,
	    .flags = UNTRUSTED,
	    .said = { "invalid CA certificate",
	        "depth 1, subject \"CN=Middle\"", "it is no CA" } },
	{ .name = "intermediate_that_does_not_say_that_it_is_a_ca",
	    .chain = { { NAMED }, { MIDDLE, .basic = "" } },
	    .n = 2,
	    .flags = UNTRUSTED,
	    .said = { "invalid CA certificate",
	        "depth 1, subject \"CN=Middle\"", "it is no CA" } },
	{ .name = "intermediate_that_may_not_sign",
	    .chain = { { NAMED }, { MIDDLE, .usage = "digitalSignature" } },
	    .n = 2,
	    .flags = UNTRUSTED,
	    .said = { "invalid CA certificate", "depth 1",
	        "its keyUsage has no keyCertSign" } },
	{ .name = "path_length",
	    .chain = { { NAMED }, { .name = "Lower", .ca = true },
	        { MIDDLE, .basic = "critical,CA:TRUE,pathlen:0" } },
	    .n = 3,
	    .flags = UNTRUSTED,
	    .said = { "path length constraint exceeded",
	        "depth 2, subject \"CN=Middle\"" } },
	{ .name = "good_with_eight_intermediates",
	    .chain = { { NAMED }, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER,
	        LOWER, LOWER },
	    .n = 9 },
	{ .name = "nine_intermediates",
	    .chain = { { NAMED }, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER,
	        LOWER, LOWER, LOWER },
	    .n = 10,
	    .flags = NOT_RUN,
	    .fatal = true,
	    .said = { "certificate chain too long",
	        "more than 8 intermediates" } },
	{ .name = "seventeen_intermediates",
	    .chain = { { NAMED }, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER,
	        LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER, LOWER,
	        LOWER, LOWER },
	    .n = 18,
	    .flags = NOT_RUN,
	    .fatal = true,
	    .said = { "certificate chain too long",
	        "more than 8 intermediates" } },
	{ .name = "wrong_eku",
	    .side = FAILURES_CLIENT,
	    .chain = { { NAMED, .eku = "clientAuth" } },
	    .flags = EKU,
	    .said = { "unsuitable certificate purpose",
	        "its extendedKeyUsage has no serverAuth" } },
	{ .name = "wrong_eku",
	    .side = FAILURES_SERVER,
	    .chain = { { NAMED, .eku = "serverAuth" } },
	    .flags = EKU,
	    .said = { "unsuitable certificate purpose",
	        "its extendedKeyUsage has no clientAuth" } },
	{ .name = "wrong_key_usage",
	    .chain = { { NAMED, .key = PKI_RSA, .usage = "keyEncipherment" } },
	    .flags = USAGE,
	    .said = { "unsuitable certificate purpose",
	        "its keyUsage has no digitalSignature" } },
	{ .name = "sha1",
	    .chain = { { NAMED, .digest = PKI_SHA1 } },
	    .flags = BAD_MD,
	    .said = { "CA signature digest algorithm too weak", "depth 0",
	        "it is signed with SHA1; the device wants SHA256" } },
	{ .name = "sha1_of_an_intermediate",
	    .chain = { { NAMED }, { MIDDLE, .digest = PKI_SHA1 } },
	    .n = 2,
	    .flags = BAD_MD,
	    .said = { "CA signature digest algorithm too weak", "depth 1",
	        "it is signed with SHA1; the device wants SHA256" } },
	{ .name = "rsa_1024",
	    .chain = { { NAMED, .key = PKI_RSA_1024 } },
	    .flags = BAD_KEY,
	    .said = { "EE certificate key too weak",
	        "its RSA key has 1024 bits; the device wants 2048" } },
	{ .name = "rsa_1024_of_an_intermediate",
	    .chain = { { NAMED }, { MIDDLE, .key = PKI_RSA_1024 } },
	    .n = 2,
	    .flags = BAD_KEY,
	    .said = { "CA certificate key too weak", "depth 1",
	        "its RSA key has 1024 bits" } },
	{ .name = "bad_signature",
	    .chain = { { NAMED, .forged = true }, { MIDDLE } },
	    .n = 2,
	    .flags = UNTRUSTED,
	    .said = { "certificate signature failure",
	        "depth 0, subject \"CN=leaf\", issuer \"CN=Middle\"",
	        "what the peer shows as its issuer did not sign it" } },
	{ .name = "several_problems",
	    .side = FAILURES_CLIENT,
	    .chain = { { NAMED, .from_s = -7200, .to_s = -3600,
	        .eku = "clientAuth", .digest = PKI_SHA1 } },
	    .hostname = "other.test",
	    .signer = BY_ITSELF,
	    .flags = EXPIRED | NAME | UNTRUSTED | EKU | BAD_MD,
	    .said = { "self-signed certificate, reading the server's ",
	        "; also: certificate has expired, CA signature digest "
	        "algorithm too weak, unsuitable certificate purpose, hostname "
	        "mismatch;",
	        "valid from ", "expected name \"other.test\"" } },
};

static const struct pki_cert *
issuer_of(const struct cert_row *r, struct pki_cert *other)
{
	if (r->signer == BY_CA)
		return &failures_pki.ca;
	if (r->signer == BY_ITSELF)
		return NULL;
	pki_make(other, NULL,
	    &(struct pki_spec){ .name = r->signer == BY_NAMESAKE ? "Test CA"
	                                                         : "Stranger",
	        .ca = true });
	return other;
}

/* One that has no opinion must change nothing. */
static int
look_on(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	return 0;
}

/* With a look_on where the certificate may be bad. */
static void
set_verify(int sock, int verify)
{
	const struct tls_verify_callback callback = { .call = look_on };

	failures_set_int(sock, TLS_NAME_PEER_VERIFY, verify);
	if (verify == TLS_VERIFY_OPTIONAL)
		assert_int_equal(call_setsockopt(sock, TLS_LEVEL,
		                     TLS_NAME_CERT_VERIFY_CALLBACK, &callback,
		                     sizeof(callback)),
		    0);
}

static bool
is_refused(const struct cert_row *r, int verify)
{
	return r->fatal || (r->flags != 0 && verify == TLS_VERIFY_REQUIRED);
}

static void
connect_to(const struct cert_row *r, const struct rival_spec *spec, int verify)
{
	const char *name = r->hostname != NULL ? r->hostname : "localhost";
	const bool refused = is_refused(r, verify);
	struct rival rival;
	int sock;

	rival_serve(&rival, spec);
	sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	failures_set_tags(sock, &(int){ LOOP_CA_TAG }, 1);
	if (!r->unset)
		assert_int_equal(call_setsockopt(sock, TLS_LEVEL,
		                     TLS_NAME_HOSTNAME, name,
		                     (socklen_t)strlen(name)),
		    0);
	set_verify(sock, verify);
	assert_int_equal(loop_connect(sock, AF_INET, rival.port),
	    refused ? -ECONNABORTED : 0);
	assert_int_equal(failures_verify_result(sock), r->flags);
	if (refused)
		failures_said(sock, r->said);
	assert_int_equal(call_close(sock), 0);
	rival_join(&rival);
}

static void
accept_from(const struct cert_row *r, const struct rival_spec *spec, int verify)
{
	const bool refused = is_refused(r, verify);
	struct rival rival;
	uint16_t port;
	const int listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &port);
	int child;

	failures_set_tags(listener, (int[]){ LOOP_SERVER_TAG, LOOP_CA_TAG }, 2);
	set_verify(listener, verify);
	rival_visit(&rival, spec, port);
	child = call_accept(listener, NULL, NULL);
	if (refused) {
		assert_int_equal(child, -ECONNABORTED);
		failures_said(listener, r->said);
	} else {
		assert_true(child >= 0);
		assert_int_equal(failures_verify_result(child), r->flags);
		assert_int_equal(call_close(child), 0);
	}
	assert_int_equal(call_close(listener), 0);
	rival_join(&rival);
}

/* Refused if it must be good, and told of if it may be anything. */
static void
certificate(void **state)
{
	const struct failures_variant *v = *state;
	const struct cert_row *r = v->row;
	const size_t n = r->n > 0 ? r->n : 1;
	struct pki_cert chain[LEN(r->chain)], other = { 0 };
	const struct rival_spec spec = { .chain = chain,
		.nchain = r->sent > 0 ? r->sent : n,
		.min_version = v->version,
		.max_version = v->version };

	pki_make_chain(chain, issuer_of(r, &other), r->chain, n);
	false_time = r->now;
	for (int verify = TLS_VERIFY_OPTIONAL; verify <= TLS_VERIFY_REQUIRED;
	     verify++) {
		if (v->server)
			accept_from(r, &spec, verify);
		else
			connect_to(r, &spec, verify);
	}
	false_time = 0;
	for (size_t i = 0; i < n; i++)
		pki_free(&chain[i]);
	pki_free(&other);
}

/* What the program has against a certificate that is good otherwise. */
static const struct accusation_row {
	const char *name;
	int depth;
	int answer;     /* of the callback */
	uint32_t flags; /* that it leaves */
	const char *hostname;
	const char *said[FAILURES_SAID];
} accusations[] = {
	{ "callback_refuses_the_leaf", 0, -5, 0, "localhost",
	    { "depth 0, subject \"CN=leaf\", issuer \"CN=Middle\"; "
	      "TLS_CERT_VERIFY_CALLBACK answered -5" } },
	{ "callback_refuses_an_intermediate", 1, 7, 0, "localhost",
	    { "application verification failure",
	        "; depth 1, subject \"CN=Middle\", issuer \"CN=Test CA\"; "
	        "TLS_CERT_VERIFY_CALLBACK answered 7" } },
	{ "callback_refuses_besides_another_problem", 1, 7, 0, "other.test",
	    { "application verification failure",
	        "; also: hostname mismatch; depth 1, subject \"CN=Middle\"" } },
	{ "callback_leaves_a_flag_at_an_intermediate", 1, 0, 0x100, "localhost",
	    { "application verification failure",
	        "; depth 1, subject \"CN=Middle\", issuer \"CN=Test CA\"" } },
};

static int
accuse(void *ctx, void *cert, int depth, uint32_t *flags)
{
	const struct accusation_row *r = ctx;

	(void)cert;
	if (depth != r->depth)
		return 0;
	*flags |= r->flags;
	return r->answer;
}

static void
accusation(void **state)
{
	const struct failures_variant *v = *state;
	const struct accusation_row *r = v->row;
	const struct tls_verify_callback callback = { .call = accuse,
		.ctx = (void *)r };
	const struct pki_spec specs[] = { { NAMED }, { MIDDLE } };
	struct pki_cert chain[LEN(specs)];
	const struct rival_spec spec = { .chain = chain,
		.nchain = LEN(chain),
		.min_version = v->version,
		.max_version = v->version };
	struct rival rival;
	int sock;

	pki_make_chain(chain, &failures_pki.ca, specs, LEN(specs));
	rival_serve(&rival, &spec);
	sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, r->hostname);
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL,
	                     TLS_NAME_CERT_VERIFY_CALLBACK, &callback,
	                     sizeof(callback)),
	    0);
	assert_int_equal(loop_connect(sock, AF_INET, rival.port),
	    -ECONNABORTED);
	failures_said(sock, r->said);
	assert_int_equal(call_close(sock), 0);
	rival_join(&rival);
	for (size_t i = 0; i < LEN(chain); i++)
		pki_free(&chain[i]);
}

int
main(void)
{
	for (size_t i = 0; i < LEN(accusations); i++)
		failures_add(accusation, accusations[i].name, &accusations[i],
		    FAILURES_CLIENT, 0);
	for (size_t i = 0; i < LEN(certs); i++)
		failures_add(certificate, certs[i].name, &certs[i],
		    certs[i].side, 0);
	return failures_run("sock/tls_failures_certs");
}
