#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/hosts.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/event.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"
#include "support/fake_kernel.h"
#include "support/loop.h"
#include "tls/context.h"

static struct pki pki;

static int
setup(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_fini(&pki);
	return 0;
}

/* A connected plain stream; *kfd is its peer. */
static int
open_stream(int *kfd)
{
	uint16_t port;
	const int listener = loop_listen_raw(AF_INET, &port);
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(loop_connect(sock, AF_INET, port), 0);
	*kfd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(*kfd >= 0);
	close(listener);
	return sock;
}

static void *
receive_one(void *arg)
{
	char byte;

	return (void *)(intptr_t)call_recvfrom(*(int *)arg, &byte, 1, 0, NULL,
	    NULL);
}

static int
close_it(void *arg)
{
	return call_close(*(int *)arg) != 0;
}

/* Its descriptor must be gone as well, or the peer would never see the end. */
static int
close_it_for_good(void *arg)
{
	const int sock = *(int *)arg, kfd = loop_kfd(sock);

	if (call_close(sock) != 0)
		return 1;
	return fcntl(kfd, F_GETFD) == -1 && errno == EBADF ? 0 : 2;
}

static void
a_childs_close_leaves_the_parents_blocked_call(void **state)
{
	int kfd, sock = open_stream(&kfd);
	pthread_t thread;

	(void)state;
	fake_kernel_install();
	thread = loop_start(receive_one, &sock);
	while (fake_kernel_count(FAKE_RECVFROM) < 1)
		continue;
	assert_int_equal(loop_wait(loop_fork(close_it_for_good, &sock)), 0);
	assert_int_equal(send(kfd, "x", 1, 0), 1);
	assert_int_equal((intptr_t)loop_join(thread), 1);
	fake_kernel_remove();
	assert_int_equal(call_close(sock), 0);
	close(kfd);
}

static void *
add_two(void *arg)
{
	return (void *)(intptr_t)call_eventfd_write(*(int *)arg, 2);
}

/* As if another thread of the child's were using it. */
static int
close_in_use(void *arg)
{
	const int sock = *(int *)arg;

	return fdtable_get(sock) == NULL || call_close(sock) != 0;
}

/* The sleeping writer is the parent's, so the child does not let it go. */
static void
a_childs_close_leaves_an_eventfds_value(void **state)
{
	const uint64_t most = UINT64_MAX - 2; /* there is room for 1 */
	int sock = call_eventfd(0, 0);
	uint64_t value;
	pthread_t thread;

	(void)state;
	assert_int_equal(call_eventfd_write(sock, most), 0);
	fake_kernel_install();
	thread = loop_start(add_two, &sock);
	while (fake_kernel_count(FAKE_WRITE) < 1)
		continue;
	assert_int_equal(loop_wait(loop_fork(close_in_use, &sock)), 0);
	assert_int_equal(call_eventfd_read(sock, &value), 0);
	assert_true(value == most);
	assert_int_equal((intptr_t)loop_join(thread), 0);
	fake_kernel_remove();
	assert_int_equal(call_close(sock), 0);
}

static int
read_five(void *arg)
{
	char buf[5];

	return call_recvfrom(*(int *)arg, buf, 5, MSG_WAITALL, NULL, NULL) != 5;
}

/* As a server does that forks for each client: the data are the child's. */
static void
a_close_after_a_fork_takes_nothing_from_the_other(void **state)
{
	int kfd, sock = open_stream(&kfd), gate[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(gate), 0);
	assert_int_equal(send(kfd, "hello", 5, 0), 5);
	while (recv(loop_kfd(sock), (char[5]){ 0 }, 5,
	           MSG_PEEK | MSG_WAITALL) != 5)
		continue;
	child = fork();
	if (child == 0) {
		alarm(20);
		close(gate[1]);
		(void)!read(gate[0], gate, 1); /* until the parent has closed */
		_exit(read_five(&sock));
	}
	assert_int_equal(call_close(sock), 0);
	close(gate[1]);
	assert_int_equal(loop_wait(child), 0);
	close(gate[0]);
	close(kfd);
}

static atomic_bool enough;

/*
 * Whatever of the library has a lock.  OpenSSL's own are not looked after, so
 * the credentials have been parsed before.
 */
static void *
take_locks(void *arg)
{
	struct tls_context *ctx;
	struct verdict why;

	while (!atomic_load(&enough)) {
		const int sock =
		    call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);

		if (tls_context_get(&(int){ LOOP_CA_TAG }, 1, &ctx, &why) == 0)
			tls_context_put(ctx);
		tls_context_forget(99, CRED_CA_CERTIFICATE);
		(void)call_close(sock);
	}
	return arg;
}

/* Looks a redirection up, under the lock of all of them. */
static int
redirect(void)
{
	struct sockaddr_storage a;
	socklen_t len = loop_addr(&a, AF_INET, 9);

	return hosts_redirect(&a, &len);
}

static void *
take_hosts_lock(void *arg)
{
	while (!atomic_load(&enough))
		(void)redirect();
	return arg;
}

static int
use_everything(void *arg)
{
	const int tag = LOOP_CA_TAG;
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);

	(void)arg;
	if (sock < 0)
		return 1;
	if (call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, &tag,
	        sizeof(tag)) != 0)
		return 2;
	tls_context_forget(99, CRED_CA_CERTIFICATE);
	if (redirect() != 0)
		return 4;
	return call_close(sock) == 0 ? 0 : 3;
}

static void
no_lock_stays_taken_in_a_child(void **state)
{
	pthread_t threads[3];
	char why[80];

	(void)state;
	assert_int_equal(hosts_add("test", "127.0.0.1:9 -> 127.0.0.1:10", why,
	                     sizeof(why)),
	    0);
	assert_int_equal(use_everything(NULL), 0);
	atomic_store(&enough, false);
	for (size_t i = 0; i < LEN(threads); i++)
		threads[i] =
		    loop_start(i == 0 ? take_hosts_lock : take_locks, NULL);
	for (int i = 0; i < 100; i++)
		assert_int_equal(loop_wait(loop_fork(use_everything, NULL)), 0);
	atomic_store(&enough, true);
	for (size_t i = 0; i < LEN(threads); i++)
		(void)loop_join(threads[i]);
	hosts_clear();
}

static void
each_fork_is_counted_on_both_sides(void **state)
{
	int kfd, sock = open_stream(&kfd);
	const unsigned before = atomic_load(&sock_forks);

	(void)state;
	assert_int_equal(fdtable_peek(sock)->made, before);
	assert_int_equal(loop_wait(loop_fork(close_it, &sock)), 0);
	assert_int_equal(atomic_load(&sock_forks), before + 1);
	assert_int_equal(call_close(sock), 0);
	close(kfd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_childs_close_leaves_the_parents_blocked_call),
		cmocka_unit_test(
		    a_close_after_a_fork_takes_nothing_from_the_other),
		cmocka_unit_test(a_childs_close_leaves_an_eventfds_value),
		cmocka_unit_test(no_lock_stays_taken_in_a_child),
		cmocka_unit_test(each_fork_is_counted_on_both_sides),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("sock/fork", tests, setup, teardown);
}
