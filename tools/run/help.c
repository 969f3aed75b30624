#include "help.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

static const char usage[] =
    "usage: zsock-run [OPTION]... [--] PROGRAM [ARG]...\n"
    "Runs PROGRAM as it is, with libzsock's sockets: TLS, credentials, hosts, "
    "limits, profiles.\n"
    "\n"
    "Options, each in place of the variable behind it\n"
    "  --creds FILE[:FILE]...        bundles of credentials; repeatable "
    "(ZSOCK_CREDENTIALS)\n"
    "  --tls-connect HOST:PORT=TAGS  plain connections there become TLS "
    "clients; repeatable (ZSOCK_TLS_CONNECT)\n"
    "  --tls-listen PORT=TAGS        plain listeners there become TLS servers; "
    "repeatable (ZSOCK_TLS_LISTEN)\n"
    "  --profile NAME                zephyr, zephyr-3.3 or linux, the default "
    "here (ZSOCK_PROFILE)\n"
    "  --limits FILE                 the target's limits: prj.conf or .config "
    "(ZSOCK_LIMITS)\n"
    "  --hosts FILE                  names and redirections (ZSOCK_HOSTS)\n"
    "  --log LEVEL[:FILE]            off, error, warn, info or debug "
    "(ZSOCK_LOG, ZSOCK_LOG_FILE)\n"
    "  --ctl LEVEL                   off, list, load or full: what zsock-cred "
    "may do (ZSOCK_CTL)\n"
    "  --keylog FILE                 keys of TLS, for Wireshark "
    "(SSLKEYLOGFILE)\n"
    "  --fd-base N                   the first number of sockets "
    "(ZSOCK_FD_BASE)\n"
    "  --no-follow                   not in the programs that PROGRAM executes "
    "(ZSOCK_FOLLOW=0)\n"
    "  --allow-io-uring              although it passes TLS by\n"
    "  --help\n"
    "  --version\n"
    "HOST   a name, IPv4, [IPv6], or * for any;  TAGS: 0..2147483647, "
    "separated by commas\n"
    "\n"
    "To begin with\n"
    "  make a PKI            zsock-cred generate pki\n"
    "  make a server TLS     zsock-run --creds pki/server.zcred --tls-listen "
    "8080=2 -- python3 -m http.server 8080\n"
    "  and a client          zsock-run --creds pki/client.zcred --tls-connect "
    "localhost:8080=1 -- \\\n"
    "                          curl http://localhost:8080/\n"
    "  look into the server  zsock-run --ctl list ...;  zsock-cred list @\n"
    "\n"
    "Exit codes: PROGRAM's own; 125 zsock-run failed, 126 PROGRAM cannot be "
    "run with it, 127 there is no PROGRAM\n";

static int
put(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return DONE;
	return say(OWN, "standard output: %s", strerror(errno));
}

int
help_usage(void)
{
	return put(usage);
}

int
help_version(void)
{
	return put("zsock-run " RUN_VERSION "\n");
}
