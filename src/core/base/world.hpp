#pragma once

namespace wabot {

class Clock;
class Random;
class Timers;

/// The outside world, passed to the code that needs it: built once, by the composition root.
struct World {
    Clock& clock;
    Timers& timers;
    Random& random;
};

/// The machine's own clock, timers and randomness; lives as long as the process.
World& real_world();

}  // namespace wabot
