#ifndef ZSOCK_DETAIL_POSIX_NAMES_H
#define ZSOCK_DETAIL_POSIX_NAMES_H

/* What socket.h adds in a source with POSIX names; see posix_mode.h. */

#include <zsock/detail/posix_mode.h>

#ifdef ZSOCK_POSIX_NAMES
#ifdef ZSOCK_FIRMWARE
#include <zsock/detail/posix_firmware.h>
#else
#include <zsock/detail/posix_host.h>
#endif
#endif

#endif
