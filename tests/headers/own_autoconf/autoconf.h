/* A file of an application's own, with the name that Zephyr's build gives it. */
#define CONFIG_OWN 1
