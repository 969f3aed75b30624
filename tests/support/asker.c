#include "support/test.h"

#include "support/asker.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include "sock/call.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/loop.h"
#include "tls/settings.h"

int asker_subject;
struct asker_answers asker_seen;
atomic_bool asker_inside, asker_go_on;

void
asker_start(int sock)
{
	asker_subject = sock;
	asker_seen = (struct asker_answers){ .polled = -1 };
}

static void
use_the_socket(void)
{
	struct pollfd p = { .fd = asker_subject, .events = POLLIN | POLLOUT };
	struct asker_answers *seen = &asker_seen;
	socklen_t len = sizeof(int), size = sizeof(seen->flags);
	const char *version;
	char buf[64];

	seen->text = (int)call_error_text(asker_subject, buf, sizeof(buf));
	seen->asked = call_getsockopt(asker_subject, SOL_SOCKET, SO_ERROR,
	    &seen->error, &len);
	seen->result = call_getsockopt(asker_subject, TLS_LEVEL,
	    TLS_NAME_CERT_VERIFY_RESULT, &seen->flags, &size);
	seen->polled = poll_sockets(&p, 1, 0, false);
	seen->revents = p.revents;
	seen->sent = call_sendto(asker_subject, "x", 1, MSG_DONTWAIT, NULL, 0);
	seen->received = call_recvfrom(asker_subject, buf, sizeof(buf),
	    MSG_DONTWAIT, NULL, NULL);
	seen->connected = loop_connect(asker_subject, AF_INET, 1);
	seen->version = call_tls_version(asker_subject, &version);
	seen->set = call_setsockopt(asker_subject, TLS_LEVEL,
	    TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, &(uint32_t){ 1000 },
	    sizeof(uint32_t));
}

int
asker_in_this_thread(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	asker_seen.times++;
	use_the_socket();
	return 0;
}

static void *
in_a_thread(void *arg)
{
	use_the_socket();
	return arg;
}

int
asker_in_another_thread(void *ctx, void *cert, int depth, uint32_t *flags)
{
	pthread_t thread;

	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	if (pthread_create(&thread, NULL, in_a_thread, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return -1;
	asker_seen.times++;
	return 0;
}

int
asker_hold(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	atomic_store(&asker_inside, true);
	while (!atomic_load(&asker_go_on))
		sched_yield();
	return 0;
}

void
asker_set(int sock, asker *call, void *ctx)
{
	const struct tls_verify_callback callback = { call, ctx };

	assert_int_equal(call_setsockopt(sock, TLS_LEVEL,
	                     TLS_NAME_CERT_VERIFY_CALLBACK, &callback,
	                     sizeof(callback)),
	    0);
}
