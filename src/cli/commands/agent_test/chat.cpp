#include "cli/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands/agent_test/dry_run.hpp"
#include "cli/framework/deadline.hpp"
#include "cli/framework/lookup.hpp"
#include "cli/output/display.hpp"
#include "core/agents/agents.hpp"

namespace wabot::cli {

namespace {

struct ChatOptions {
    std::optional<std::string> agent;
    std::optional<std::string> device;
    std::optional<std::string> as;
};

/// Who answers, under the name that stands before the answers.
struct Partner {
    std::string name;
    AgentDryRun dry_run;
};

Partner agent_partner(Runtime& rt, const std::string& who, ContactId contact) {
    const Agent agent = rt.read([&](Snapshot& db) { return agents::get(db, who); });
    return {agent.key, AgentDryRun(agent, contact)};
}

Partner chosen_partner(Runtime& rt, const ChatOptions& opts, ContactId contact) {
    if (opts.agent && opts.device) usage_error("an agent and --device exclude each other", {}, "--device");
    if (opts.agent) return agent_partner(rt, *opts.agent, contact);
    if (opts.device) {
        const Device device = named_device(rt, *opts.device);
        return {device.key, AgentDryRun(rt, device, contact)};
    }
    const std::vector<Agent> all = rt.read([](Snapshot& db) { return agents::list(db); });
    if (all.empty()) throw Error(Errc::not_found, "there is no agent", "create one with: wabot agent create");
    if (all.size() > 1) usage_error("there are several agents; name one", "wabot agent list shows them", "agent");
    return {all.front().key, AgentDryRun(all.front(), contact)};
}

/// One message a line in, one JSON object a line out.
void chat_by_lines(Runtime& rt, const Partner& partner) {
    for (std::string line; std::getline(std::cin, line);) {
        const DryRunResult result = partner.dry_run.answer(line);
        Json json = to_json(result);
        json.erase("passed");
        const std::string text = escaped_json(write_json(json));
        rt.out().line(json, text);
    }
}

class Conversation {
public:
    Conversation(Runtime& rt, Partner partner, ContactId contact) : rt_(rt), partner_(std::move(partner)), contact_(contact) {}

    void run() {
        if (rt_.deadline() != nullptr) rt_.deadline()->tidy_with([] { [[maybe_unused]] const auto ended = ::write(STDOUT_FILENO, "\n", 1); });
        print(fmt::format("{}: nothing is stored or sent; /help for commands", partner_.name));
        for (std::string line; ask(line);) {
            if (line == "/quit") break;
            if (line.starts_with("/"))
                command(line);
            else if (!line.empty())
                answer(line);
        }
        print("");
    }

private:
    bool ask(std::string& line) {
        rt_.out().text(fmt::format("you {} ", arrow_));
        rt_.out().flush();
        return static_cast<bool>(std::getline(std::cin, line));
    }

    void answer(const std::string& line) {
        last_ = line;
        const DryRunResult result = partner_.dry_run.answer(line);
        const std::string said = result.out ? shown(*result.out) : "(no reply)";
        print(fmt::format("{} {} {}    {}  {} ms", partner_.name, arrow_, said, escaped_line(result.reason), result.ms));
    }

    void command(const std::string& line) {
        if (line == "/why") {
            explain();
        } else if (line.starts_with("/switch ")) {
            switch_to(line.substr(8));
        } else {
            print("  /why explains the last answer, /switch AGENT changes the agent, /quit or end of input ends the chat");
        }
    }

    /// Why the last answer was what it was.
    void explain() {
        const std::vector<DryRunStep> steps = partner_.dry_run.explain(last_);
        std::size_t widest = 0;
        for (const DryRunStep& step : steps) widest = std::max(widest, cells_of(step.step));
        for (const DryRunStep& step : steps)
            print("  " + escaped_line(step.step) + std::string(widest - cells_of(step.step) + 2, ' ') + escaped_line(step.result));
    }

    void switch_to(const std::string& who) {
        try {
            partner_ = agent_partner(rt_, who, contact_);
            print(fmt::format("{} answers now", partner_.name));
        } catch (const Error& error) {
            print(fmt::format("  {}", escaped_line(error.what())));
        }
    }

    /// The lines of an answer below each other, each harmless.
    std::string shown(std::string_view text) const {
        std::string out;
        const std::string indent(cells_of(partner_.name) + 3, ' ');
        for (std::size_t begin = 0; begin <= text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            out += (begin == 0 ? "" : "\n" + indent) + isolated(escaped_line(text.substr(begin, end - begin)));
            begin = end + 1;
        }
        return out;
    }

    void print(const std::string& line) { rt_.out().line({}, line); }

    Runtime& rt_;
    Partner partner_;
    ContactId contact_;
    const char* arrow_ = rt_.out().options().out.utf8 ? "›" : ">";
    std::optional<std::string> last_;
};

void chat(Runtime& rt, const ChatOptions& opts) {
    const ContactId contact = writing_contact(rt, opts.as);
    Partner partner = chosen_partner(rt, opts, contact);
    const bool is_person = isatty(STDIN_FILENO) == 1 && rt.out().options().out.is_tty && !rt.out().structured();
    if (is_person)
        Conversation(rt, std::move(partner), contact).run();
    else
        chat_by_lines(rt, partner);
}

}  // namespace

std::span<const Command> chat_commands() {
    static const Command table[] = {
        // namespace
        {.path = "chat",
         .summary = "Chat with an agent in the terminal; nothing is stored or sent",
         .formats = formats::lines,
         .examples = {{"wabot chat faq", "at a terminal"},
                      {"printf 'hi\\nbye\\n' | wabot chat faq", "one message per line on stdin, one JSON reply per line on stdout"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ChatOptions>();
             cmd.argument("agent", opts->agent, "Key or id (default: the only agent)").completes(Noun::agent);
             cmd.option("--device", opts->device, "Use the agents and ignore rules of this device").completes(Noun::device);
             cmd.option("--as", opts->as, "Author: a contact's id or number").shown_as("CONTACT").completes(Noun::contact);
             return [opts](Runtime& rt) { chat(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
