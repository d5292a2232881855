#include "tests/catch.hpp"

#include "core/base/describe.hpp"
