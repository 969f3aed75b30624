#include "cred/control.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/config.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "cred/control_dir.h"
#include "cred/control_helper.h"
#include "cred/control_self.h"
#include "cred/control_serve.h"

/* ENDED: it has ended by itself, and nobody has joined it yet. */
enum state { STOPPED, STARTING, RUNNING, ENDED, STOPPING };

/* Is taken with a socket's lock held, at the first store call of a process. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t settled = PTHREAD_COND_INITIALIZER; /* state is */

/* All guarded by lock. */
static enum state state;
static pthread_t thread;
static struct control_name name; /* while RUNNING */
static bool answered;            /* by the thread that is STARTING */
static int result;               /* of the start, with why */
static char why[CONTROL_WHY_SIZE];
static bool has_asked;        /* the program, so the environment is not */
static enum wire_level level; /* what is asked for */
static char own_name[64];     /* or empty */
static char dir_path[PATH_MAX];

/* Nothing is left to be started in this process.  Read without the lock. */
static atomic_bool ready;

/* By its own lock; what it is to be is written before its thread starts. */
static struct control_server server = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.listener = { .kfd = -1 },
	.wake = -1,
	.dir = -1,
	.clients = {
	    [0 ... CONTROL_CLIENTS - 1] = { .sock = { .kfd = -1 } } } };

/*
 * In a table of its own the thread keeps the directory, by which it can remove
 * the name when the program has got another root.
 */
static int
publish(struct control_server *s, struct control_name *n,
    char reason[CONTROL_WHY_SIZE])
{
	struct control_dir d = { .path = dir_path };
	int kfd;

	d.kfd = control_dir_open(d.path, true, reason);
	if (d.kfd < 0)
		return d.kfd;
	kfd = control_dir_publish(&d, n, reason);
	if (kfd >= 0 && !s->shared)
		s->dir = d.kfd;
	else
		kernel->close(d.kfd);
	return kfd;
}

/* Makes the socket, and says so to whoever has started the thread. */
static int
begin(struct control_server *s, char reason[CONTROL_WHY_SIZE])
{
	struct control_name n;
	int kfd;

	kfd = publish(s, &n, reason);
	if (kfd >= 0)
		control_serve_listen(s, kfd);
	pthread_mutex_lock(&lock);
	result = kfd < 0 ? kfd : 0;
	memcpy(why, reason, sizeof(why));
	if (kfd >= 0)
		name = n;
	answered = true;
	pthread_cond_broadcast(&settled);
	pthread_mutex_unlock(&lock);
	return kfd < 0 ? kfd : 0;
}

/* The program has closed the listener.  A fork must not meet half of one. */
static int
begin_again(struct control_server *s, char reason[CONTROL_WHY_SIZE])
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = begin(s, reason);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* Nobody is left who waits for an answer. */
static void
end_by_itself(struct control_server *s)
{
	pthread_mutex_lock(&s->lock);
	control_serve_end(s);
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_lock(&lock);
	while (state == STARTING)
		pthread_cond_wait(&settled, &lock);
	if (state == RUNNING)
		state = ENDED;
	pthread_mutex_unlock(&lock);
}

static void
withdraw(const struct control_server *s)
{
	pthread_mutex_lock(&lock);
	control_dir_withdraw(&name, s->dir);
	pthread_mutex_unlock(&lock);
}

static void *
run(void *arg)
{
	struct control_server *s = arg;
	char reason[CONTROL_WHY_SIZE] = "";
	int rc;

	(void)prctl(PR_SET_NAME, "zsock-ctl");
	control_helper_away();
	s->shared = !control_self_leave_table();
	control_self_describe(&s->self);
	rc = begin(s, reason);
	if (rc < 0)
		return NULL; /* who started it says why */
	while (rc == 0) {
		rc = control_serve(s);
		if (rc == 0)
			rc = begin_again(s, reason);
		else if (rc < 0)
			snprintf(reason, sizeof(reason), "poll: %s",
			    strerror(-rc));
	}
	withdraw(s);
	if (rc > 0)
		return NULL;
	log_line(LOG_ERROR, "control: %s; there is no control socket any more",
	    reason);
	end_by_itself(s);
	return NULL;
}

/* Ends what is there of the thread; lock is given up meanwhile. */
static void
end_locked(void)
{
	const pthread_t ended = thread;

	state = STOPPING;
	pthread_mutex_unlock(&lock);
	control_serve_stop(&server, ended);
	pthread_join(ended, NULL);
	control_serve_end(&server);
	control_helper_stop();
	pthread_mutex_lock(&lock);
	state = STOPPED;
	pthread_cond_broadcast(&settled);
}

static bool
is_settled_locked(void)
{
	return state != STARTING && state != STOPPING;
}

/* STOPPED or RUNNING is what it is afterwards. */
static void
settle_locked(void)
{
	for (;;) {
		while (!is_settled_locked())
			pthread_cond_wait(&settled, &lock);
		if (state != ENDED)
			return;
		end_locked();
	}
}

/* A thread that is cancelled as it waits here would keep the lock for ever. */
static int
take_lock(void)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pthread_mutex_lock(&lock);
	return old;
}

static void
give_lock(int old)
{
	pthread_mutex_unlock(&lock);
	pthread_setcancelstate(old, NULL);
}

static int
stop_locked(void)
{
	settle_locked();
	if (state != RUNNING)
		return -ENOENT;
	control_dir_withdraw(&name, -1); /* nobody finds it from now on */
	end_locked();
	return 0;
}

/* Before OpenSSL ends, which the thread may be using. */
static void
stop_at_exit(void)
{
	const int old = take_lock();

	/* A child of _Fork or clone has the state, and not the thread. */
	if (name.pid == getpid())
		(void)stop_locked(); /* there may be none */
	give_lock(old);
}

static void
at_exit_once(void)
{
	static bool done; /* guarded by lock */

	if (done)
		return;
	done = true;
	/* What is registered later runs earlier. */
	(void)OPENSSL_init_crypto(0, NULL);
	(void)atexit(stop_at_exit); /* or ps finds the name dead */
}

/*
 * What the threads need, which must not look at the environment: a fault there
 * ends the program with a line, which must be seen.
 */
static int
prepare_locked(void)
{
	int rc;

	limits_from_environment();
	if (wire_dir(dir_path, sizeof(dir_path)) >= (int)sizeof(dir_path)) {
		snprintf(why, sizeof(why),
		    "the name of its directory is too long: set ZSOCK_CTL_DIR");
		return -ENAMETOOLONG;
	}
	rc = control_helper_start();
	if (rc < 0)
		snprintf(why, sizeof(why), "its helper: %s", strerror(-rc));
	return rc;
}

/* It is STOPPED before; a failure says why. */
static int
start_locked(void)
{
	int rc;

	at_exit_once();
	rc = prepare_locked();
	if (rc < 0)
		return rc;
	server.self = (struct control_self){ .level = level };
	memcpy(server.self.name, own_name, sizeof(own_name));
	atomic_store(&server.ending, false);
	answered = false;
	state = STARTING;
	rc = thread_start_joinable(&thread, run, &server);
	if (rc < 0) {
		state = STOPPED;
		pthread_cond_broadcast(&settled);
		control_helper_stop();
		snprintf(why, sizeof(why), "its thread: %s", strerror(-rc));
		return rc;
	}
	while (!answered)
		pthread_cond_wait(&settled, &lock);
	rc = result;
	if (rc < 0)
		end_locked();
	else
		state = RUNNING;
	pthread_cond_broadcast(&settled);
	return rc;
}

/* Gives the lock back, and says what was wrong. */
static int
start_and_give_lock(int old)
{
	char reason[CONTROL_WHY_SIZE];
	int rc;

	rc = start_locked();
	memcpy(reason, why, sizeof(reason));
	atomic_store(&ready, true);
	pthread_mutex_unlock(&lock);
	if (rc < 0)
		log_line(LOG_ERROR, "control: %s; there is no control socket",
		    reason);
	pthread_setcancelstate(old, NULL);
	return rc;
}

/* Of a name that the program does not give. */
static const char *
name_of_environment(void)
{
	const char *text = config_get()->ctl_name;

	if (text == NULL)
		return "";
	if (!control_name_ok(text))
		config_die("ZSOCK_CTL_NAME",
		    "it is 1 to 63 printable characters without blanks, no "
		    "number, and does not begin with \"/\"");
	return text;
}

static void
read_environment_locked(void)
{
	const struct config *c = config_get();
	int asked;

	if (has_asked)
		return;
	asked = c->ctl != NULL ? wire_level_parse(c->ctl) : WIRE_LEVEL_OFF;
	if (asked < 0)
		config_die("ZSOCK_CTL",
		    "it is off, list, load, full or 1, which is load");
	level = (enum wire_level)asked;
	snprintf(own_name, sizeof(own_name), "%s", name_of_environment());
	has_asked = true;
}

void
control_ready(void)
{
	const int saved = errno;
	int old;

	if (atomic_load_explicit(&ready, memory_order_acquire))
		return;
	old = take_lock();
	settle_locked();
	read_environment_locked();
	if (level != WIRE_LEVEL_OFF && state == STOPPED &&
	    !atomic_load(&ready)) {
		(void)start_and_give_lock(old); /* it has said why not */
	} else {
		atomic_store(&ready, true);
		give_lock(old);
	}
	errno = saved;
}

int
control_start(enum wire_level asked, const char *text)
{
	const int saved = errno;
	int old, rc;

	if (asked < WIRE_LEVEL_LIST || asked > WIRE_LEVEL_FULL) {
		log_line(LOG_ERROR, "control: there is no level %d",
		    (int)asked);
		return -EINVAL;
	}
	if (text != NULL && !control_name_ok(text)) {
		log_line(LOG_ERROR,
		    "control: a name is 1 to 63 printable characters without "
		    "blanks, no number, and does not begin with \"/\"");
		return -EINVAL;
	}
	old = take_lock();
	settle_locked();
	read_environment_locked();
	if (state == RUNNING) {
		give_lock(old);
		errno = saved;
		return -EALREADY;
	}
	level = asked;
	snprintf(own_name, sizeof(own_name), "%s",
	    text != NULL ? text : name_of_environment());
	rc = start_and_give_lock(old);
	errno = saved;
	return rc;
}

int
control_stop(void)
{
	const int saved = errno, old = take_lock();
	int rc;

	has_asked = true;
	level = WIRE_LEVEL_OFF;
	atomic_store(&ready, true);
	rc = stop_locked();
	give_lock(old);
	errno = saved;
	return rc;
}

/*
 * The server's lock first: under it, its thread takes sockets' locks, and under
 * those others may come here.  It is given up while the thread starts or ends,
 * which it needs it for.
 */
void
control_freeze(void)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	for (;;) {
		pthread_mutex_lock(&server.lock);
		pthread_mutex_lock(&lock);
		if (is_settled_locked())
			break;
		pthread_mutex_unlock(&server.lock);
		settle_locked();
		pthread_mutex_unlock(&lock);
	}
	control_helper_freeze();
	pthread_setcancelstate(old, NULL);
}

void
control_thaw(void)
{
	control_helper_thaw();
	pthread_mutex_unlock(&lock);
	pthread_mutex_unlock(&server.lock);
}

void
control_forked(void)
{
	control_serve_end(&server);
	control_helper_forked();
	pthread_cond_init(&settled, NULL); /* its waiters are not here */
	state = STOPPED;
	atomic_store(&ready, false);
}
