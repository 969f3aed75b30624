#include "sock/shimmed.h"

bool shimmed;

void
shimmed_set(void)
{
	shimmed = true;
}
