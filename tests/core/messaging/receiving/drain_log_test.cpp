#include "core/messaging/receiving/drain_log.hpp"

#include <algorithm>

#include "tests/catch.hpp"
#include "tests/fakes/pipeline.hpp"
#include "tests/fakes/stderr_taken.hpp"

using namespace wabot;
using namespace wabot::test;
using Catch::Contains;

TEST_CASE("drain log: one line of each kind a second counts those left out", "[pipeline]") {
    const StderrTaken taken;
    DrainLog drain_log;
    const DrainWarning broken{DrainWarningKind::quarantined, InboxId{7}, "it is no JSON"}, lost{DrainWarningKind::unrouted, InboxId{8}, "no device"};
    const DrainWarning warnings[] = {broken, broken, lost, broken};
    drain_log.write(warnings, 5s);
    CHECK_THAT(taken.text(), Contains("webhook quarantined event_id=7 cause=\"it is no JSON\" left_out=0"));
    CHECK_THAT(taken.text(), Contains("webhook unrouted event_id=8 cause=\"no device\" left_out=0"));
    CHECK(std::ranges::count(taken.text(), '\n') == 2);
    drain_log.write(warnings, 5'900ms);
    CHECK(std::ranges::count(taken.text(), '\n') == 2);
    drain_log.write({warnings, 1}, 6s);
    CHECK(std::ranges::count(taken.text(), '\n') == 3);
    CHECK_THAT(taken.text(), Contains("left_out=5"));
}

TEST_CASE_METHOD(Pipeline, "drain log: a failed message, an unreadable webhook and one for no device leave a warning", "[pipeline]") {
    write_text(ada, "wamid.IN1", "hi");
    work();
    const StderrTaken taken;
    status("wamid.reply1", "delivered");
    work();
    CHECK(taken.text().empty());
    status("wamid.reply1", "failed");
    work();
    CHECK_THAT(taken.text(), Contains("the provider reports a message as failed message_id=") && Contains("error_code=131026"));
    CHECK_THAT(taken.text(), !Contains("message_id=unknown") && !Contains(ada));
    status("wamid.elsewhere", "failed");
    work();
    CHECK_THAT(taken.text(), Contains("message_id=unknown"));
    post(Json{{"object", 1}});
    work();
    CHECK_THAT(taken.text(), Contains("webhook quarantined event_id="));
    post(envelope("messages", text_item(ada, "wamid.IN2", "hi"), "555999"));
    work();
    CHECK_THAT(taken.text(), Contains("webhook unrouted event_id="));
    const std::string before = taken.text();
    status("wamid.reply1", "failed");
    work();
    CHECK(taken.text() == before);
}
