#pragma once

namespace wabot::cli {

class Runtime;

/// The log of `serve` and `worker`: as the settings say.
void set_up_service_log(Runtime& rt);

}  // namespace wabot::cli
