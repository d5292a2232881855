#pragma once

namespace wabot {

class Clock;
class Random;
class Timers;

/// What comes from outside, given to whoever needs it instead of being fetched: built once, by the composition root.
struct World {
    Clock& clock;
    Timers& timers;
    Random& random;
};

/// The machine's own clock, timers and randomness; lives as long as the process.
World& real_world();

}  // namespace wabot
