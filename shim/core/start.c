#include "shim/core/calls.h"
#include "shim/core/forked.h"
#include "shim/core/kernel.h"
#include "shim/core/marks.h"

#include <openssl/ssl.h>

#include "base/config.h"
#include "base/profile.h"
#include "base/resolver.h"
#include "cred/load.h"
#include "sock/fdtable.h"
#include "sock/names.h"
#include "sock/shimmed.h"

/*
 * Before the constructors of the library, which ask for the configuration and
 * use OpenSSL.  A program that knows nothing of devices has the host's rules.
 */
__attribute__((constructor(101))) static void
defaults(void)
{
	config_default_profile(PROFILE_LINUX);
	/* Neither the program's configuration, nor its end, are for this copy. */
	(void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG |
	        OPENSSL_INIT_NO_ATEXIT,
	    NULL); /* what comes later fails as well */
}

static struct core core = {
	.slots = (const _Atomic(void *) *)fdtable_slots,
	.nslots = FDTABLE_CAPACITY,
#define WRAP(ret, name, params, args) .name = calls_##name,
#include "shim/wrapped.def"
#undef WRAP
	.socket = calls_socket,
	.adopt = calls_adopt,
	.adopt_copy = calls_adopt_copy,
	.connect = calls_connect,
	.listen = calls_listen,
	.close = calls_close,
	.vacate = calls_vacate,
	.forget = calls_forget,
	.fcntl = calls_fcntl,
	.ioctl = calls_ioctl,
	.dup3 = calls_dup3,
	.hidden = fdtable_hidden,
	.hides = &names_hide_some,
	.ppoll = calls_ppoll,
	.getaddrinfo = calls_getaddrinfo,
	.freeaddrinfo = calls_freeaddrinfo,
	.getnameinfo = calls_getnameinfo,
	.withheld = calls_withheld,
	.secure = marks_secure,
	.log = calls_log,
};

/* The one symbol that the core exports; shim/core.h says what it is. */
__attribute__((visibility("default"))) core_start zsock_core_start;

const struct core *
zsock_core_start(const struct core_host *host)
{
	if (host->abi != CORE_ABI)
		return NULL;
	config_keep(host->variables);
	kernel = kernel_outside(host->kernel);
	resolver = host->resolver;
	(void)fdtable_use_kernel_numbers(); /* there is no socket yet */
	shimmed_set();
	forked_watch();
	load_ready(); /* a control socket is there from now on */
	return &core;
}
