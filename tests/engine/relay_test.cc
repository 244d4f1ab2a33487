#include "engine/harness.h"
