#include "base/kfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/log.h"

static atomic_bool keep_numbers;

void
kfd_keep_numbers(void)
{
	atomic_store(&keep_numbers, true);
}

int
kfd_opened(int rc)
{
	const int kfd = err_from_open(rc);
	int higher;

	if (kfd < 0 || kfd > STDERR_FILENO)
		return kfd;
	if (atomic_load(&keep_numbers)) {
		if (kfd == STDERR_FILENO)
			log_use_stderr(false);
		return kfd;
	}
	higher = err_from_open(
	    kernel->fcntl(kfd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
	kfd_close(kfd);
	return higher;
}

int
kfd_opened_pair(int rc, int kfds[2])
{
	rc = err_from_open(rc);
	if (rc < 0)
		return rc;
	kfds[0] = kfd_opened(kfds[0]);
	kfds[1] = kfd_opened(kfds[1]);
	if (kfds[0] >= 0 && kfds[1] >= 0)
		return 0;
	rc = kfds[0] < 0 ? kfds[0] : kfds[1];
	for (int i = 0; i < 2; i++) {
		if (kfds[i] >= 0)
			kfd_close(kfds[i]);
	}
	return rc;
}

void
kfd_close(int kfd)
{
	const int saved = errno;

	/* The number is free whatever close answers; there is no second try. */
	if (kernel->close(kfd) == -1)
		errno = saved;
	if (kfd == STDERR_FILENO)
		log_use_stderr(true);
}
