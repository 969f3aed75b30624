/* The path of Zephyr up to 3.0. */
#include <zephyr/net/socketutils.h>
