# Completion of wabot for bash. Made from the command table by: wabot completion bash

_wabot_globals='--config	Configuration file; none = built-in defaults only
--config-lenient	Keys of configuration files that are not known are warnings: for an older version
--env-file	File of NAME=value lines that count as environment
--output	Form of what is printed
--jq	Print what this jq expression makes of the JSON
--print	Print this text for each row, with {FIELD} for a member of its JSON
--print-file	The text stands in this file
--columns	Columns of table, wide, csv and tsv, by field name, with commas
--no-header	Table, csv and tsv without their first line
--no-trunc	Do not fit a table to the screen
--no-pager	Do not turn the pages of what is longer than the screen
--plain	No bars, no symbols, no pager, nothing drawn over: for screen readers
--csv-raw	No apostrophe in csv before what a spreadsheet would take for a formula
--time	Times in tables, csv and tsv
--tz	Their time zone: Europe/Berlin. JSON and YAML stay UTC
--color	When to colour
--no-input	Never ask
--yes	Yes to what would be asked
--confirm	The name that a severe change wants typed
--dry-run	Show what would change, change nothing
--exit-code	Exit 10 when something changed or differs
--timeout	End after so long, with exit 9: 30s, 5m
--quiet	Only errors on stderr
--verbose	More on stderr; twice for much more
--log-format	Log lines on stderr
--progress	How long work tells how far it is, on stderr
--reveal	Show phone numbers and addresses in full
--help	This help
--version	The version
:done'

# What may follow these words, as far as it does not depend on what there is: value, tab, description, and a last line that says what else.
_wabot_static() {
    case $1 in
    '') printf '%s\n' 'init	Set wabot up in a folder: settings, master key, store. Fills in only what is missing
doctor	Look for what keeps this installation from working; exit 1 when something does
serve	Take webhooks, answer and send: the server, with its workers inside
worker	Empty the inbox, answer turns, hand over sends and run jobs, beside a server or alone
chat	Talk to an agent; nothing is stored or sent
device	list, get, events, create, update, resume, delete
agent	list, get, create, update, delete, enable, disable, attach, detach, test
ignore	list, create, delete, test
contact	list, get
conversation	list, get, handoff
message	list, get, send, read, status
template	list, get
file	list, get
event	list, get, replay
queue	list, pause, resume
job	list, get, retry, cancel, resolve
retention	show, run
audit	list, get
tail	Show what happens: the last of it, then everything as it comes, until Ctrl-C
listen	Show webhooks as the server takes them, and pass them on to a program of yours; changes nothing
trigger	Post signed webhooks to the server, as WhatsApp would, and tell what became of them; exit 9 when that is open after 5 s
config	show, check
migrate	status, plan, up, down
version	Show the version, the schemas it works on, and what it was built with
explain	Explain what an object is made of: its fields, their types and what they may hold
completion	Print what makes a shell complete wabot'\''s commands, flags and the names of what there is
help	Explain a command or a topic
:done' ;;
    'init -') printf '%s\n' '--dir	The folder; this one when not given
--demo	Also a simulator, an agent and contacts to play with' "$_wabot_globals" ;;
    'init --dir') printf '%s\n' ':files' ;;
    'doctor') printf '%s\n' 'config	
permissions	
database	
disk	
clock	
files	
key	
secrets	
credentials	
requests	
provider	
workers	
queue	
pace	
messages	
accounts	
:done' ;;
    'doctor -') printf '%s\n' '--strict	Warnings fail too
--fix	Take from others what they may not do with key, store and configuration' "$_wabot_globals" ;;
    'serve -') printf '%s\n' '--listen	Address: 8000, 127.0.0.1:8000, [::1]:8000; port 0 takes a free one
--workers	Workers inside this process; 0 leaves the work to `wabot worker` (default 1)' "$_wabot_globals" ;;
    'worker -') printf '%s\n' '--queue	Work on these only, with commas: inbox, turn, send, job
--concurrency	At most N turns, N sends and N jobs at a time (default 256, worker.send_concurrency, 16)
--once	One round over what is due, then end
--until-empty	Rounds until nothing is due, then end' "$_wabot_globals" ;;
    'chat -') printf '%s\n' '--device	Whoever answers on this device, behind its ignore rules
--as	Who writes: a contact'\''s id or number' "$_wabot_globals" ;;
    'device') printf '%s\n' 'list	List the devices
get	Show one device, its options, its agents, and how it stands with its provider
events	List what the provider said of accounts, numbers and templates, the newest first
create	Add a device: an account on a channel. A running server works with it at once
update	Change a device; what is not named stays. A running server works with it at once
resume	Let a device in error send again, once its account is mended
delete	Delete a device; its history stays
:done' ;;
    'device list -') printf '%s\n' '--kind	Only of this channel
--state	Only in this state
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'device list --kind') printf '%s\n' 'whatsapp	
gateway	
twilio	
telegram	
web	
sim	
:done' ;;
    'device list --state') printf '%s\n' 'qr_pending	
connected	
disconnected	
error	
:done' ;;
    'device list --sort') printf '%s\n' 'id	
id:desc	
key	Name in commands and links; never all digits
key:desc	
name	
name:desc	
description	
description:desc	
kind	The channel
kind:desc	
options	Settings of its kind; unknown ones are refused
options:desc	
secrets	
secrets:desc	
provider_ref	The account at the provider: WhatsApp'\''s phone number id
provider_ref:desc	
phone_number	
phone_number:desc	
status	
status:desc	
last_error	Why the status is error
last_error:desc	
connected_at	
connected_at:desc	
disconnected_at	
disconnected_at:desc	
last_seen_at	
last_seen_at:desc	
is_active	
is_active:desc	
revision	Raised by every change of configuration
revision:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'device get -') printf '%s\n' "$_wabot_globals" ;;
    'device events -') printf '%s\n' '--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'device events --sort') printf '%s\n' 'id	
id:desc	
device_id	None when it is about several, or none here
device_id:desc	
waba_id	The business account at the provider
waba_id:desc	
field	
field:desc	
event	
event:desc	
weight	
weight:desc	
facts	
facts:desc	
timestamp	The provider'\''s time
timestamp:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'device create -') printf '%s\n' '--kind	The channel
--name	Name for people
--description	What it is for
--phone	Its own number, with country code
--option	Setting of its kind, such as phone_number_id; an empty value takes it away
--secret-from	access_token, app_secret, previous_app_secret or verify_token, from a file; - is stdin
--no-verify	Do not ask the provider whether it takes the credentials
--agent	Attach this agent
--if-not-exists	Succeed when the device is there already' "$_wabot_globals" ;;
    'device create --kind') printf '%s\n' 'whatsapp	
gateway	
twilio	
telegram	
web	
sim	
:done' ;;
    'device update -') printf '%s\n' '--name	Name for people
--description	What it is for
--phone	Its own number, with country code
--option	Setting of its kind, such as phone_number_id; an empty value takes it away
--secret-from	access_token, app_secret, previous_app_secret or verify_token, from a file; - is stdin
--no-verify	Do not ask the provider whether it takes the credentials
--enable	Take and send messages
--disable	Take and send none; what waits stays' "$_wabot_globals" ;;
    'device resume -') printf '%s\n' '--no-verify	Do not ask the provider whether it takes the account' "$_wabot_globals" ;;
    'device delete -') printf '%s\n' '--if-exists	Succeed when there is no such device' "$_wabot_globals" ;;
    'agent') printf '%s\n' 'list	List the agents
get	Show one agent, its rules and where it answers
create	Add an agent; attach lets it answer
update	Change an agent; what is not named stays. The next message meets the new revision
delete	Delete an agent; what it said stays
enable	Let an agent answer again
disable	Keep an agent silent, attached as it is
attach	Let an agent answer on a device. The first one becomes the primary one, which is asked last
detach	Take an agent off a device
test	Ask an agent without sending anything; exit 10 when a case fails
:done' ;;
    'agent list -') printf '%s\n' '--type	Only of this type
--device	Only those attached to it
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'agent list --type') printf '%s\n' 'rule_based	
langgraph	
builtin	
:done' ;;
    'agent list --sort') printf '%s\n' 'id	
id:desc	
key	Name in commands and links; never all digits
key:desc	
name	
name:desc	
description	
description:desc	
agent_type	
agent_type:desc	
config	Rules, fallback, triggers and limits; see agent_config.hpp
config:desc	
revision	Raised by every change; a turn notes it
revision:desc	
is_active	
is_active:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'agent get -') printf '%s\n' "$_wabot_globals" ;;
    'agent create -') printf '%s\n' '--type	How it answers
--name	Name for people
--description	What it is for
--rules-file	JSON array of {"pattern", "response"}; the first match wins; - is stdin
--fallback	Reply when no rule matched; empty = none
--trigger	Answers only texts with one of these words
--allow-contact	Answers only these contacts
--ignore-groups	Does not answer in groups
--quote	Replies quote the message they answer
--if-not-exists	Succeed when the agent is there already' "$_wabot_globals" ;;
    'agent create --type') printf '%s\n' 'rule_based	
langgraph	
builtin	
:done' ;;
    'agent create --rules-file') printf '%s\n' ':files' ;;
    'agent update -') printf '%s\n' '--name	Name for people
--description	What it is for
--rules-file	JSON array of {"pattern", "response"}; the first match wins; - is stdin
--fallback	Reply when no rule matched; empty = none
--trigger	Answers only texts with one of these words
--allow-contact	Answers only these contacts
--ignore-groups	Does not answer in groups
--quote	Replies quote the message they answer
--any-text	Needs no trigger word any more
--allow-all	Answers every contact again
--answer-groups	Answers in groups again
--no-quote	Replies quote nothing' "$_wabot_globals" ;;
    'agent update --rules-file') printf '%s\n' ':files' ;;
    'agent delete -') printf '%s\n' '--if-exists	Succeed when there is no such agent' "$_wabot_globals" ;;
    'agent enable -') printf '%s\n' "$_wabot_globals" ;;
    'agent disable -') printf '%s\n' "$_wabot_globals" ;;
    'agent attach -') printf '%s\n' '--priority	Lower is asked earlier (100)
--primary	Becomes the primary one, asked last' "$_wabot_globals" ;;
    'agent detach -') printf '%s\n' "$_wabot_globals" ;;
    'agent test -') printf '%s\n' '--text	What somebody writes
--file	Lines of {"text", "reply", "rule"}; - is stdin
--from	Who writes: a contact'\''s id or number
--why	Show each rule and why it did or did not decide' "$_wabot_globals" ;;
    'agent test --file') printf '%s\n' ':files' ;;
    'ignore') printf '%s\n' 'list	List the ignore rules: what no agent gets to see
create	Keep agents from messages of a contact, of a group, or with a word in them; they are stored all the same
delete	Delete an ignore rule
test	Tell which ignore rule a message would fall under
:done' ;;
    'ignore list -') printf '%s\n' '--device	Only of this device
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'ignore list --sort') printf '%s\n' 'id	
id:desc	
device_id	
device_id:desc	
rule_type	
rule_type:desc	
value	The word of a keyword rule
value:desc	
address	Whom a contact or group rule means
address:desc	
contact_id	The contact it means, when it was known
contact_id:desc	
is_active	
is_active:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'ignore create -') printf '%s\n' '--contact	Id, number, JID or user id
--group	Id of the group
--keyword	Word or phrase
--device	Where; needed when there are several' "$_wabot_globals" ;;
    'ignore delete -') printf '%s\n' '--if-exists	Succeed when there is no such rule' "$_wabot_globals" ;;
    'ignore test -') printf '%s\n' '--from	Who writes: number, JID or user id
--device	Where; needed when there are several' "$_wabot_globals" ;;
    'contact') printf '%s\n' 'list	List the contacts, the newest first
get	Show one contact, the addresses it is known by, and who may be the same person
:done' ;;
    'contact list -') printf '%s\n' '--device	Only of this device
--people	No groups
--groups	Only groups
--blocked	Only blocked ones
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'contact list --sort') printf '%s\n' 'id	
id:desc	
device_id	
device_id:desc	
contact_jid	Where replies go: a JID, a user id or a group id
contact_jid:desc	
phone_number	None for groups and for people known by user id only
phone_number:desc	
name	
name:desc	
is_blocked	Stored, never answered, never written to
is_blocked:desc	
is_group	
is_group:desc	
marketing	Whether it wants to be written what is for sale; null: never said
marketing:desc	
marketing_at	
marketing_at:desc	
last_incoming_at	
last_incoming_at:desc	
last_message_at	
last_message_at:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'contact get -') printf '%s\n' '--device	When the number is known on several' "$_wabot_globals" ;;
    'conversation') printf '%s\n' 'list	List the conversations, the newest first
get	Show one conversation and what was said last
handoff	Let a person answer instead of the agents, or the agents again
:done' ;;
    'conversation list -') printf '%s\n' '--device	Only of this device
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose last_message_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'conversation list --sort') printf '%s\n' 'id	
id:desc	
key	
key:desc	
device_id	
device_id:desc	
session_id	The device'\''s key
session_id:desc	
contact_id	
contact_id:desc	
contact_name	
contact_name:desc	
contact_jid	
contact_jid:desc	
title	
title:desc	
status	
status:desc	
control	Who answers: the agents, or a person
control:desc	
control_until	When a person'\''s takeover ends by itself
control_until:desc	
turn_pending	Messages that wait for an answer
turn_pending:desc	
send_pending	Sends under way or waiting
send_pending:desc	
last_message_at	
last_message_at:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'conversation get -') printf '%s\n' '--messages	How many of the last messages (50)' "$_wabot_globals" ;;
    'conversation handoff -') printf '%s\n' '--to	Who answers from now on' "$_wabot_globals" ;;
    'conversation handoff --to') printf '%s\n' 'agent	
human	
:done' ;;
    'message') printf '%s\n' 'list	List the messages, the newest first
get	Show one message, and who answered it and why; with --reveal the item as it came
send	Write to a contact as a person; the agents leave the conversation to you for a while
read	Tell a person that a message of theirs was read, and those before it
status	Show what became of messages step by step, and why there was no answer
:done' ;;
    'message list -') printf '%s\n' '--device	Only of this device
--conversation	Only of this one
--direction	Only this way
--state	Only in this state
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'message list --direction') printf '%s\n' 'incoming	
outgoing	
internal	
:done' ;;
    'message list --state') printf '%s\n' 'received	
queued	
sent	
delivered	
read	
played	
failed	
uncertain	
held	
cancelled	
:done' ;;
    'message list --sort') printf '%s\n' 'id	
id:desc	
conversation_id	
conversation_id:desc	
conversation_key	
conversation_key:desc	
device_id	
device_id:desc	
session_id	The device'\''s key
session_id:desc	
direction	
direction:desc	
sender_kind	
sender_kind:desc	
agent_id	
agent_id:desc	
contact_id	
contact_id:desc	
contact_jid	
contact_jid:desc	
author_contact_id	Who wrote, in a group
author_contact_id:desc	
message_type	
message_type:desc	
content	The human text; null when there is none
content:desc	
metadata	What else matters: the file, place, order, choice, advertisement it came with
metadata:desc	
whatsapp_message_id	The provider'\''s id, on every channel
whatsapp_message_id:desc	
parent_id	The message that is quoted, or reacted to
parent_id:desc	
status	
status:desc	
error	
error:desc	
edited_at	Its writer changed it then; the first text is in metadata
edited_at:desc	
revoked_at	Its writer took it back then: content is kept and not shown
revoked_at:desc	
is_from_user	
is_from_user:desc	
timestamp	The provider'\''s time, else ours
timestamp:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'message get -') printf '%s\n' "$_wabot_globals" ;;
    'message send -') printf '%s\n' '--text	A text, or what stands over buttons and lists; - is stdin
--preview-url	Show a preview of the first address in the text
--image	A file, an address on the web, or a media id of the provider
--video	The same
--audio	The same
--document	The same
--sticker	The same
--caption	Of an image, a video or a document
--filename	What a document is called
--voice	The audio is a voice message (Ogg with Opus)
--template	An approved template, which may be sent at any time
--language	Of the template: en, pt_BR
--var	A value of the template: 1=Ada or name=Ada of its body, header.1=Ada, button.0=SUFFIX of its link
--components	All components of the template instead, as JSON
--button	A button to answer with; up to three
--list	A list to choose from: JSON with button and sections
--cta	A button that opens an address
--ask-location	A button to send a location with
--interactive	Any interactive message, as JSON
--header	A line above the text of buttons and lists
--footer	A line below it
--react	React to --to-message
--remove	Take the reaction to --to-message back
--to-message	The message that is reacted to
--location	A place
--name	What the place is called
--address	Where the place is
--contact-card	A card, or a list of them, as JSON
--device	By which device; needed when there are several
--idempotency-key	The same message under the same key goes once; known for two days
--wait	End when it is that far, or why it is not is known (sent)
--reply-to	The message to quote' "$_wabot_globals" ;;
    'message send --image') printf '%s\n' ':files' ;;
    'message send --video') printf '%s\n' ':files' ;;
    'message send --audio') printf '%s\n' ':files' ;;
    'message send --document') printf '%s\n' ':files' ;;
    'message send --sticker') printf '%s\n' ':files' ;;
    'message send --components') printf '%s\n' ':files' ;;
    'message send --list') printf '%s\n' ':files' ;;
    'message send --interactive') printf '%s\n' ':files' ;;
    'message send --contact-card') printf '%s\n' ':files' ;;
    'message read -') printf '%s\n' '--typing	Show that an answer is being written' "$_wabot_globals" ;;
    'message status -') printf '%s\n' '--watch	Show each step as it comes, until the last one' "$_wabot_globals" ;;
    'template') printf '%s\n' 'list	List the message templates that the provider has told of, the newest first
get	Show one message template: its status, category and quality
:done' ;;
    'template list -') printf '%s\n' '--device	Only of this one'\''s account
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'template list --sort') printf '%s\n' 'id	
id:desc	
waba_id	The business account it belongs to
waba_id:desc	
name	
name:desc	
language	
language:desc	
status	The provider'\''s word; REJECTED, PAUSED and DISABLED ones cannot be sent
status:desc	
category	
category:desc	
quality	
quality:desc	
reason	Why the status is what it is
reason:desc	
provider_ref	
provider_ref:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'template get -') printf '%s\n' '--language	When the name has several' "$_wabot_globals" ;;
    'file') printf '%s\n' 'list	List the files that came with messages and those that were sent, the newest first
get	Show one file, or save what is in it
:done' ;;
    'file list -') printf '%s\n' '--device	Only of this device
--origin	Only these
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'file list --origin') printf '%s\n' 'incoming	
outgoing	
:done' ;;
    'file list --sort') printf '%s\n' 'id	
id:desc	
uuid	
uuid:desc	
device_id	
device_id:desc	
origin	
origin:desc	
file_name	For people to see; no name on any disk
file_name:desc	
file_type	Its MIME type, as its bytes confirm it
file_type:desc	
file_size	Bytes
file_size:desc	
sha256	
sha256:desc	
storage_backend	
storage_backend:desc	
storage_key	
storage_key:desc	
deleted_at	Since when its bytes are gone
deleted_at:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'file get -') printf '%s\n' '--save	Write its content to a new file; - is stdout' "$_wabot_globals" ;;
    'event') printf '%s\n' 'list	List the webhooks as they came, the newest first
get	Show one webhook and what became of each of its parts; with --reveal its body
replay	Put webhooks back in line; what was stored from them already is not stored twice
:done' ;;
    'event list -') printf '%s\n' '--state	Only in this state
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose received_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'event list --state') printf '%s\n' 'received	
done	
quarantined	
unrouted	
:done' ;;
    'event list --sort') printf '%s\n' 'id	
id:desc	
kind	
kind:desc	
device_id	
device_id:desc	
state	
state:desc	
error	
error:desc	
items	Items read out of the body
items:desc	
messages	Messages stored from it
messages:desc	
attempts	
attempts:desc	
request_id	
request_id:desc	
received_at	
received_at:desc	
done_at	
done_at:desc	
:done' ;;
    'event get -') printf '%s\n' "$_wabot_globals" ;;
    'event replay -') printf '%s\n' "$_wabot_globals" ;;
    'queue') printf '%s\n' 'list	Show what waits in each queue, what runs, what failed, and what is paused
pause	Let no worker take more from these queues; what is under way ends, webhooks are stored on, a restart changes nothing
resume	Let the workers take from these queues again
:done' ;;
    'queue list -') printf '%s\n' '--filter	Only rows for which this holds: name ~ "send"
--sort	In this order
--limit	At most so many (all)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'queue list --sort') printf '%s\n' 'name	
name:desc	
depth	What waits: webhooks, messages to answer, sends, jobs
depth:desc	
due	What could be taken now: webhooks, conversations, jobs
due:desc	
oldest	Since when the longest waiting of these has been due
oldest:desc	
running	
running:desc	
retrying	
retrying:desc	
dead	Given up on after all attempts; of the inbox, bodies that could not be read
dead:desc	
uncertain	May have arrived; settles by itself
uncertain:desc	
held	Waits for a person; of the inbox, bodies for no device here
held:desc	
paused_since	
paused_since:desc	
paused_by	
paused_by:desc	
:done' ;;
    'queue pause') printf '%s\n' 'inbox	
turn	
send	
job	
:done' ;;
    'queue pause -') printf '%s\n' "$_wabot_globals" ;;
    'queue resume') printf '%s\n' 'inbox	
turn	
send	
job	
:done' ;;
    'queue resume -') printf '%s\n' "$_wabot_globals" ;;
    'job') printf '%s\n' 'list	List turns, sends and jobs that are not finished: under way, waiting, failed, uncertain or held
get	Show a turn, a send or a job: its state and what it means, its failed attempts, what can be done
retry	Try again what is dead, held or cancelled, by id or all that match; several are spread over up to a minute
cancel	Give up what waits, failed, or is uncertain or held; what runs is left alone
resolve	Say what became of uncertain or held sends: sent settles them, not-sent queues them again
:done' ;;
    'job list -') printf '%s\n' '--queue	Only of this queue
--state	Only in this state (all but done and cancelled)
--error	Only where this pattern (RE2) is found in the last error
--device	Only of this device
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'job list --queue') printf '%s\n' 'turn	
send	
job	
:done' ;;
    'job list --state') printf '%s\n' 'running	
available	
retrying	
uncertain	
held	
dead	
cancelled	
done	
:done' ;;
    'job list --sort') printf '%s\n' 'id	
id:desc	
number	
number:desc	
kind	
kind:desc	
state	
state:desc	
attempt	
attempt:desc	
due_at	When it is tried next
due_at:desc	
error	
error:desc	
session_id	The device'\''s key
session_id:desc	
conversation_id	
conversation_id:desc	
message_id	Of a turn the message that is answered, of a send the one that is sent
message_id:desc	
worker	
worker:desc	
reason	What decided: of a turn the rule, of a send who settled it
reason:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done' ;;
    'job get -') printf '%s\n' "$_wabot_globals" ;;
    'job retry -') printf '%s\n' '--queue	Only of this queue
--state	Only in this state (dead)
--error	Only where this pattern (RE2) is found in the last error
--device	Only of this device' "$_wabot_globals" ;;
    'job retry --queue') printf '%s\n' 'turn	
send	
job	
:done' ;;
    'job retry --state') printf '%s\n' 'running	
available	
retrying	
uncertain	
held	
dead	
cancelled	
done	
:done' ;;
    'job cancel -') printf '%s\n' "$_wabot_globals" ;;
    'job resolve -') printf '%s\n' '--as	What became of them' "$_wabot_globals" ;;
    'job resolve --as') printf '%s\n' 'sent	
not-sent	
:done' ;;
    'retention') printf '%s\n' 'show	Show what is kept for how long
run	Take away what is older than its setting says; the workers do so every hour
:done' ;;
    'retention show -') printf '%s\n' '--filter	Only rows for which this holds: name ~ "send"
--sort	In this order
--limit	At most so many (all)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'retention run') printf '%s\n' 'webhook	
part	
job	
change	
attempt	
file	
audit	
key	
upload	
:done' ;;
    'retention run -') printf '%s\n' "$_wabot_globals" ;;
    'audit') printf '%s\n' 'list	List who had which command change what, or show numbers in full, the newest first
get	Show one entry of the audit log
:done' ;;
    'audit list -') printf '%s\n' '--actor	Only what this one did: cli:ana
--object	Only what was done to it: device/shop, send/81, or any device
--filter	Only rows for which this holds: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows from before
--sort	In this order; reads every row for it, where id reads only those shown
--limit	At most so many (50)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'audit list --sort') printf '%s\n' 'id	
id:desc	
created_at	
created_at:desc	
actor	
actor:desc	
actor_kind	
actor_kind:desc	
kind	
kind:desc	
action	
action:desc	
objects	
objects:desc	
facts	
facts:desc	
request_id	
request_id:desc	
:done' ;;
    'audit get -') printf '%s\n' "$_wabot_globals" ;;
    'tail') printf '%s\n' 'webhooks	
messages	
jobs	
devices	
contacts	
:done' ;;
    'tail -') printf '%s\n' '--device	Only of this device
--grep	Only lines in which this regular expression is found
--last	How many of the past to begin with (20)
--follow	Go on with what happens; the default at a terminal
--no-follow	End after the past' "$_wabot_globals" ;;
    'listen -') printf '%s\n' '--device	Only of this device
--forward-to	Post each body there as it came, signed with the secret that verified it
--event	Only such: whatsapp.message, whatsapp.status.read
--retry	Forward again when it was not taken, five times at most' "$_wabot_globals" ;;
    'listen --event') printf '%s\n' 'whatsapp.account_alerts	
whatsapp.account_update	
whatsapp.business_capability_update	
whatsapp.echo	
whatsapp.echo.text	
whatsapp.errors	
whatsapp.message	
whatsapp.message.audio	
whatsapp.message.button	
whatsapp.message.contacts	
whatsapp.message.document	
whatsapp.message.edit	
whatsapp.message.image	
whatsapp.message.interactive	
whatsapp.message.location	
whatsapp.message.order	
whatsapp.message.reaction	
whatsapp.message.request_welcome	
whatsapp.message.revoke	
whatsapp.message.sticker	
whatsapp.message.system	
whatsapp.message.text	
whatsapp.message.unsupported	
whatsapp.message.video	
whatsapp.message_template_quality_update	
whatsapp.message_template_status_update	
whatsapp.phone_number_name_update	
whatsapp.phone_number_quality_update	
whatsapp.status	
whatsapp.status.delivered	
whatsapp.status.failed	
whatsapp.status.played	
whatsapp.status.read	
whatsapp.status.sent	
whatsapp.template_category_update	
whatsapp.user_preferences	
:done' ;;
    'trigger') printf '%s\n' 'list	
whatsapp.message.text	
whatsapp.message.quote	
whatsapp.message.forwarded	
whatsapp.message.referral	
whatsapp.message.image	
whatsapp.message.audio	
whatsapp.message.video	
whatsapp.message.document	
whatsapp.message.sticker	
whatsapp.message.location	
whatsapp.message.contacts	
whatsapp.message.interactive.button_reply	
whatsapp.message.interactive.list_reply	
whatsapp.message.interactive.nfm_reply	
whatsapp.message.button	
whatsapp.message.reaction	
whatsapp.message.order	
whatsapp.message.group	
whatsapp.message.username	
whatsapp.message.edit	
whatsapp.message.revoke	
whatsapp.message.request_welcome	
whatsapp.message.system	
whatsapp.message.unsupported	
whatsapp.status.sent	
whatsapp.status.delivered	
whatsapp.status.read	
whatsapp.status.played	
whatsapp.status.failed	
whatsapp.message.forwarded_often	
whatsapp.message.product	
whatsapp.message.reaction.removed	
whatsapp.message.system.user_id	
whatsapp.echo.text	
whatsapp.status.group	
whatsapp.user_preferences.stop	
whatsapp.user_preferences.resume	
whatsapp.account_update.disabled	
whatsapp.account_update.reinstated	
whatsapp.account_update.violation	
whatsapp.account_alerts	
whatsapp.phone_number_quality_update	
whatsapp.phone_number_name_update	
whatsapp.business_capability_update	
whatsapp.message_template_status_update	
whatsapp.message_template_quality_update	
whatsapp.template_category_update	
whatsapp.errors	
:done' ;;
    'trigger -') printf '%s\n' '--device	Whose webhook it is; needed when there are several
--to-url	Post there instead of to this installation'\''s server
--from	Who writes: a number, or a contact'\''s id
--message	The message a status, quote or reaction is about; else the last one sent
--set	Change a member of the message or status; PATH:=VALUE takes JSON
--unset	Leave a member out
--from-file	A whole body instead; - is stdin. With EVENT it is checked first
--repeat	How many, each with an id and a time of its own (1)
--rate	So many a second; without it the next one goes when the last was answered
--duplicate	Post this share of them twice, 0 to 1
--bad-signature	Sign with a wrong secret
--expect	The only HTTP statuses that are right; exit 1 for another one
--filter	Of list, only what this holds for: event ~ "status"
--sort	Of list, in this order: event, summary' "$_wabot_globals" ;;
    'trigger --from-file') printf '%s\n' ':files' ;;
    'config') printf '%s\n' 'show	Show the effective settings
check	Look for faults in the configuration, all of them at once
:done' ;;
    'config show') printf '%s\n' 'store.dir	Folder of the database and of the files beside it.
database.url	Where the data lies: sqlite:///x is relative, sqlite:////x absolute; postgresql://user:password@host/name with the parameters of libpq (sslmode, ...).
security.master_key	64 hexadecimal digits that phone numbers and credentials are sealed with. Without it they cannot be read again: keep a copy elsewhere.
server.host	Address that serve listens on.
server.port	Port that serve listens on; 0 takes any free one.
server.webhook_body_max	Largest webhook body that is taken, in bytes. Providers send up to 3 MiB.
server.trusted_proxies	Addresses and networks of the reverse proxies before this server, apart by commas. They are exempt from the limits by address, and their X-Forwarded-For (Forwarded where that is missing) says who the client is; from anybody else both say nothing.
server.drain_timeout	How long a stopping process lets running work finish.
whatsapp.access_token	Token of the WhatsApp Cloud API, of a system user.
whatsapp.phone_number_id	Id of the phone number at Meta, not the number itself.
whatsapp.verify_token	The word that Meta repeats when the webhook address is set up; any text of your choice.
whatsapp.app_secret	Secret of the Meta app, which signs the webhooks. Without it none is accepted.
whatsapp.graph_url	Address of the Graph API.
whatsapp.graph_version	Version of the Graph API.
worker.lease	How long a claimed job belongs to its worker. After that it runs elsewhere.
worker.uncertain_window	How long an uncertain send waits for a status before it is sent again or held.
worker.turn_attempts	Attempts at a turn before it is given up and shown as failed.
worker.send_attempts	Attempts at a send before it is given up and shown as failed.
worker.send_concurrency	Sends that one worker process has in flight.
conversation.takeover_timeout	How long the agent stays silent after a person took over a conversation.
conversation.media_wait	How long the answer to a message waits for the image, voice note or document that came with it. After that the agent is told that it is not there.
retention.webhooks	How long the bodies of webhooks are kept, and what each of their parts was. What was stored from them stays.
retention.jobs	How long finished and cancelled jobs are kept. Dead and held ones stay until someone decides.
retention.changes	How long the feed of changes is kept, and the record of failed attempts.
retention.files	How long the contents of files are kept, those that came with messages and those that were sent; 0s keeps them for ever.
retention.audit	How long the audit log is kept: who had which command change what, or show numbers; 0s keeps it for ever.
retention.idempotency_keys	How long the keys of message send are known, so that the same key does not send twice.
log.level	What is logged.
log.format	How it is written.
log.folder	Folder of auth.log, twilio_webhook.log, messages.log and reports.log. Not set: stderr only.
cli.output	Format of what commands print. Not set: a table on a terminal, tab-separated in a pipe.
cli.color	Colour on the terminal.
cli.pager	Program that shows what is longer than the screen; cat is none. Not taken from ./wabot.toml unless -c names it.
:done' ;;
    'config show -') printf '%s\n' '--origin	Also where each value comes from
--filter	Only rows for which this holds: name ~ "send"
--sort	In this order
--limit	At most so many (all)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'config show --sort') printf '%s\n' 'name	
name:desc	
value	
value:desc	
origin	
origin:desc	
:done' ;;
    'config check') printf '%s\n' ':files' ;;
    'config check -') printf '%s\n' "$_wabot_globals" ;;
    'migrate') printf '%s\n' 'status	Show which schema migrations are applied; exit 10 when some are pending
plan	Print the SQL that migrate up would run
up	Bring the store to this version'\''s schema, from nothing if need be; a store with data is backed up first
down	Take the last migration back, after a backup
:done' ;;
    'migrate status -') printf '%s\n' '--filter	Only rows for which this holds: name ~ "send"
--sort	In this order
--limit	At most so many (all)
--all	Every one
--cursor	Go on where a list ended: its next_cursor
--watch	Show it again whenever it changes, until Ctrl-C' "$_wabot_globals" ;;
    'migrate status --sort') printf '%s\n' 'revision	
revision:desc	
name	
name:desc	
applied	
applied:desc	
applied_at	
applied_at:desc	
:done' ;;
    'migrate plan -') printf '%s\n' "$_wabot_globals" ;;
    'migrate up -') printf '%s\n' '--to	Stop at this revision' "$_wabot_globals" ;;
    'migrate down -') printf '%s\n' "$_wabot_globals" ;;
    'version -') printf '%s\n' "$_wabot_globals" ;;
    'explain') printf '%s\n' 'device	A connected account on a channel; its key is its name in commands and links.
account-event	What a provider told of an account: a limit, a restriction, a quality that changed.
agent	What answers messages, by rules.
binding	That an agent answers on a device, and when it is asked: agent attach makes it, agent get shows it.
ignore	A rule that keeps messages from the agents; they are stored all the same.
contact	A person or group that writes to a device.
conversation	What one contact and one device say to each other; in it order is kept.
message	One message that came in or goes out.
template	A message template as the provider told of it.
file	A file that came with a message or was sent.
event	A webhook body as it arrived.
item	One message, status or other thing inside an event: event get shows them.
queue	A kind of work that workers take, and how it stands.
job	A turn, a send or a job: one piece of work and where it stands.
audit	A command that changed something, or showed what is sealed: who, what and when.
change	What happened, a line each, as tail shows it.
setting	A value that is in force, and where it comes from; wabot help config lists them all.
migration	A step of the store'\''s schema.
limits	How much there may be of anything
:done' ;;
    'explain -') printf '%s\n' "$_wabot_globals" ;;
    'completion') printf '%s\n' 'bash	
zsh	
fish	
:done' ;;
    'completion -') printf '%s\n' '--install	Write it where the shell looks for a user'\''s own' "$_wabot_globals" ;;
    'help') printf '%s\n' 'init	Set wabot up in a folder: settings, master key, store. Fills in only what is missing
doctor	Look for what keeps this installation from working; exit 1 when something does
serve	Take webhooks, answer and send: the server, with its workers inside
worker	Empty the inbox, answer turns, hand over sends and run jobs, beside a server or alone
chat	Talk to an agent; nothing is stored or sent
device	list, get, events, create, update, resume, delete
agent	list, get, create, update, delete, enable, disable, attach, detach, test
ignore	list, create, delete, test
contact	list, get
conversation	list, get, handoff
message	list, get, send, read, status
template	list, get
file	list, get
event	list, get, replay
queue	list, pause, resume
job	list, get, retry, cancel, resolve
retention	show, run
audit	list, get
tail	Show what happens: the last of it, then everything as it comes, until Ctrl-C
listen	Show webhooks as the server takes them, and pass them on to a program of yours; changes nothing
trigger	Post signed webhooks to the server, as WhatsApp would, and tell what became of them; exit 9 when that is open after 5 s
config	show, check
migrate	status, plan, up, down
version	Show the version, the schemas it works on, and what it was built with
explain	Explain what an object is made of: its fields, their types and what they may hold
completion	Print what makes a shell complete wabot'\''s commands, flags and the names of what there is
help	Explain a command or a topic
output	Forms of what is printed, and what goes where
exit-codes	How a command ends
environment	Variables that count
config	Where settings come from, and all of them
limits	How much there may be of anything
filters	Which rows of a list are shown
scripting	What a script may rely on
security	What is kept secret, and what protects it
:done' ;;
    'help -') printf '%s\n' "$_wabot_globals" ;;
    *) return 1 ;;
    esac
}

# The word without its quotes and backslashes in $REPLY; $REPLY_QUOTE is the quote that it leaves open.
_wabot_unquote() {
    local word=$1 quote='' c i
    REPLY=''
    for ((i = 0; i < ${#word}; i++)); do
        c=${word:i:1}
        if [[ $c == "$quote" ]]; then
            quote=''
        elif [[ $quote != "'" && $c == \\ ]]; then
            i=$((i + 1))
            REPLY+=${word:i:1}
        elif [[ -z $quote && ($c == "'" || $c == '"') ]]; then
            quote=$c
        else
            REPLY+=$c
        fi
    done
    REPLY_QUOTE=$quote
}

# $1 as it is typed inside of the quote $2, in $REPLY.
_wabot_quote() {
    local c
    REPLY=$1
    case $2 in
        "'") REPLY=${REPLY//\'/\'\\\'\'} ;;
        '"') for c in \\ '"' '$' '`'; do REPLY=${REPLY//"$c"/\\"$c"}; done ;;
        *) for c in \\ ' ' '"' "'" '$' '`' '&' '|' ';' '<' '>' '(' ')' '*' '?' '[' ']' '{' '}' '#' '!' '~' '^'; do REPLY=${REPLY//"$c"/\\"$c"}; done ;;
    esac
}

# What all of "$@" begin with, in $REPLY.
_wabot_common() {
    local word
    REPLY=$1
    for word; do
        while [[ $word != "$REPLY"* ]]; do REPLY=${REPLY%?}; done
    done
}

_wabot() {
    local raw=() words=() values=() descriptions=() i word blanks rest=${COMP_LINE:0:COMP_POINT}
    # Bash parts words at = and : as well.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:space:]]*}
        rest=${rest#"$blanks"}
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)); then word=$rest; fi
        rest=${rest#"$word"}
        if [[ -n $blanks || $i -eq 0 ]]; then raw+=("$word"); else raw[${#raw[@]} - 1]+=$word; fi
    done
    local REPLY REPLY_QUOTE
    for word in "${raw[@]}"; do
        _wabot_unquote "$word"
        words+=("$REPLY")
    done
    local last=$((${#words[@]} - 1)) quote=$REPLY_QUOTE
    local begun=${words[last]} plain=${raw[last]%%[\"\']*} key
    _wabot_unquote "${plain%"${plain##*[=:]}"}"
    local kept=$REPLY  # stands before what readline takes for the word

    key="${words[*]:1:last-1}"
    if [[ $begun == -* ]]; then key+=' -'; fi
    local answer line directive='' is_static=''
    if answer=$(_wabot_static "$key") && [[ $'\n'$answer == *$'\n'"$begun"* || $answer == :files ]]; then
        is_static=1
    else
        local command=${words[0]/#\~/$HOME}
        type -P "$command" >/dev/null || command=wabot
        answer=$("$command" __complete -- "${words[@]:1}" 2>/dev/null)
    fi
    while IFS= read -r line; do
        word=${line%%$'\t'*}
        if [[ $line != *$'\t'* ]]; then
            directive=$line
        elif [[ (-z $is_static || $word == "$begun"*) && $word == "$kept"* ]]; then
            _wabot_quote "${word#"$kept"}" "$quote"
            values+=("$REPLY")
            descriptions+=("${line#*$'\t'}")
        fi
    done <<<"$answer"

    if [[ $directive == :files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${begun#"$kept"}")
        return
    fi
    if [[ $directive == :nospace ]]; then compopt -o nospace 2>/dev/null; fi
    compopt -o nosort 2>/dev/null
    COMPREPLY=("${values[@]}")
    if ((${#values[@]} < 2)); then return; fi
    # Readline puts in what they have in common, also when that is less than what was typed.
    _wabot_common "${values[@]}"
    local common=$REPLY
    _wabot_quote "${begun#"$kept"}" "$quote"
    if [[ ${common,,} != "${REPLY,,}"* ]]; then COMPREPLY+=(' '); fi
    # 37 and 42 put the candidates in one by one.
    if ((COMP_TYPE == 37 || COMP_TYPE == 42)); then return; fi
    for i in "${!values[@]}"; do
        if [[ -n ${descriptions[i]} ]]; then COMPREPLY[i]+="  (${descriptions[i]})"; fi
    done
}

complete -F _wabot wabot
