# Completion of wabot for fish. Made from the command table by: wabot completion fish

set -g __wabot_globals '--config	Configuration file; none: only built-in defaults
--config-lenient	Unknown keys in configuration files are warnings, not errors
--env-file	File of NAME=value lines, used like environment variables
--output	Output format
--jq	Filter the JSON output with this jq expression
--print	Print this text for each row; {FIELD} stands for a member of the JSON
--print-file	Read the text of --print from this file
--columns	Columns of table, wide, csv and tsv: field names separated by commas
--no-header	Omit the header line of table, csv and tsv
--no-trunc	Do not cut tables to the screen width
--no-pager	Do not start a pager
--plain	For screen readers: no progress bars, no symbols, no pager
--csv-raw	Do not protect csv cells against spreadsheet formulas
--time	Format of times in tables, csv and tsv
--tz	Time zone of times in tables: Europe/Berlin. JSON and YAML use UTC
--color	When to use colour
--no-input	Never ask a question
--yes	Answer yes to questions
--confirm	Confirm a dangerous change with this name
--dry-run	Show what would change, without changing it
--exit-code	Exit 10 when something changed or differs
--timeout	Time limit; exit 9 when it is over: 30s, 5m
--quiet	Print only errors on stderr
--verbose	Print more on stderr; twice: debug
--log-format	Format of log lines on stderr
--progress	How to show progress on stderr
--reveal	Show phone numbers and addresses in full
--help	Show this help
--version	Show the version
:done'

# What may follow these words, as far as it does not depend on what there is: value, tab, description, and a last line that says what else.
function __wabot_static
    switch "$argv[1]"
        case ''
            printf '%s\n' 'init	Set up wabot in a folder: settings file, master key, database. Existing files stay as they are
doctor	Check this installation; exit 1 when a check fails
serve	Run the server: receive webhooks, answer and send, with workers in the same process
worker	Run workers: read the inbox, answer messages, send, run background jobs
chat	Chat with an agent in the terminal; nothing is stored or sent
device	list, get, events, create, update, enable, disable, resume, delete
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
tail	Show the activity feed: the last events, then new events, until Ctrl-C
listen	Show webhooks when the server receives them, and forward them to your own program; changes nothing
trigger	Post signed webhooks to the server, as WhatsApp does, and show the outcome; exit 9 if there is none after 5 s
config	show, check
migrate	status, plan, up, down
version	Show the version, the supported schema revisions and the libraries
explain	Explain the fields of an object: types and allowed values
completion	Print a completion script for a shell: commands, flags and names of objects
help	Explain a command or a topic
:done'
        case 'init -'
            printf '%s\n' '--dir	The folder (default: the current one)
--demo	Also create a simulator device, an agent and contacts' "$__wabot_globals"
        case 'init --dir'
            printf '%s\n' ':files'
        case 'doctor'
            printf '%s\n' 'config	
permissions	
database	
disk	
clock	
files	
key	
secrets	
credentials	
requests	
security	
provider	
workers	
queue	
pace	
messages	
accounts	
:done'
        case 'doctor -'
            printf '%s\n' '--strict	Exit 1 also for warnings
--fix	Remove group and other permissions from key, store and configuration' "$__wabot_globals"
        case 'serve -'
            printf '%s\n' '--listen	Address to listen on: 8000, 127.0.0.1:8000, [::1]:8000; port 0 chooses a free port
--workers	Workers in this process; 0: only `wabot worker` processes do the work (default 1)' "$__wabot_globals"
        case 'worker -'
            printf '%s\n' '--queue	Process only these queues, separated by commas: inbox, turn, send, job
--concurrency	At most N turns, N sends and N jobs at the same time (default 256, worker.send_concurrency, 16)
--once	Process what is due now, once, then end
--until-empty	Repeat until nothing is due, then end' "$__wabot_globals"
        case 'chat -'
            printf '%s\n' '--device	Use the agents and ignore rules of this device
--as	Author: a contact\'s id or number' "$__wabot_globals"
        case 'device'
            printf '%s\n' 'list	List the devices
get	Show one device: options, agents and account state at the provider
events	List changes of accounts, numbers and templates that the provider reported, newest first
create	Create a device: an account on a channel. A running server uses it at once
update	Change a device. A running server uses the change at once
enable	Enable a device: it answers and sends again, waiting messages included
disable	Disable a device: webhooks and messages are stored, nothing is answered or sent
resume	Let a device in state error send again, after its account was repaired
delete	Delete a device; its messages stay
:done'
        case 'device list -'
            printf '%s\n' '--kind	Only devices of this channel
--state	Only rows in this state
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'device list --kind'
            printf '%s\n' 'whatsapp	
sim	
:done'
        case 'device list --state'
            printf '%s\n' 'connected	
disconnected	
error	
:done'
        case 'device list --sort'
            printf '%s\n' 'id	
id:desc	
key	Name in commands and links; not only digits
key:desc	
name	
name:desc	
description	
description:desc	
kind	The channel
kind:desc	
options	Options of this kind of device; unknown options are refused
options:desc	
secrets	
secrets:desc	
provider_ref	Account id at the provider; WhatsApp: the phone number id
provider_ref:desc	
phone_number	
phone_number:desc	
status	
status:desc	
error_kind	What set the status to error
error_kind:desc	
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
revision	Increases with every change of the configuration
revision:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done'
        case 'device get -'
            printf '%s\n' "$__wabot_globals"
        case 'device events -'
            printf '%s\n' '--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'device events --sort'
            printf '%s\n' 'id	
id:desc	
device_id	null if the event concerns several devices, or no known device
device_id:desc	
waba_id	WhatsApp business account id
waba_id:desc	
field	
field:desc	
event	
event:desc	
weight	
weight:desc	
facts	
facts:desc	
timestamp	Time at the provider
timestamp:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done'
        case 'device create -'
            printf '%s\n' '--kind	The channel
--name	Display name
--description	Description
--phone	Phone number of the device, with country code
--option	Option of this kind of device, such as phone_number_id; an empty value removes it
--secret-from	Read access_token, app_secret, previous_app_secret or verify_token from a file; -: stdin
--no-verify	Do not check the credentials with the provider
--agent	Agent to attach
--if-not-exists	Succeed if the device already exists' "$__wabot_globals"
        case 'device create --kind'
            printf '%s\n' 'whatsapp	
sim	
:done'
        case 'device update -'
            printf '%s\n' '--name	Display name
--description	Description
--phone	Phone number of the device, with country code
--option	Option of this kind of device, such as phone_number_id; an empty value removes it
--secret-from	Read access_token, app_secret, previous_app_secret or verify_token from a file; -: stdin
--no-verify	Do not check the credentials with the provider' "$__wabot_globals"
        case 'device enable -'
            printf '%s\n' "$__wabot_globals"
        case 'device disable -'
            printf '%s\n' "$__wabot_globals"
        case 'device resume -'
            printf '%s\n' '--no-verify	Do not check the account with the provider' "$__wabot_globals"
        case 'device delete -'
            printf '%s\n' '--if-exists	Succeed if the device does not exist' "$__wabot_globals"
        case 'agent'
            printf '%s\n' 'list	List the agents
get	Show one agent: rules and devices
create	Create an agent; agent attach connects it to a device
update	Change an agent. The next message is answered with the new revision
delete	Delete an agent; its messages stay
enable	Enable an agent
disable	Disable an agent; it stays attached to its devices
attach	Attach an agent to a device. The first agent becomes the primary agent, which is asked last
detach	Detach an agent from a device
test	Test an agent without sending anything; exit 10 when a case fails
:done'
        case 'agent list -'
            printf '%s\n' '--type	Only agents of this type
--device	Only agents attached to this device
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'agent list --type'
            printf '%s\n' 'rule_based	
:done'
        case 'agent list --sort'
            printf '%s\n' 'id	
id:desc	
key	Name in commands and links; not only digits
key:desc	
name	
name:desc	
description	
description:desc	
agent_type	
agent_type:desc	
config	Rules, fallback, triggers and limits
config:desc	
revision	Increases with every change; each turn records it
revision:desc	
is_active	
is_active:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done'
        case 'agent get -'
            printf '%s\n' "$__wabot_globals"
        case 'agent create -'
            printf '%s\n' '--type	Type of agent
--name	Display name
--description	Description
--rules-file	JSON array of {"pattern", "response"}; the first match answers; -: stdin
--fallback	Reply when no rule matches; empty: no reply
--trigger	Answer only texts that contain one of these words
--allow-contact	Answer only these contacts
--ignore-groups	Do not answer in groups
--quote	Quote the answered message in replies
--if-not-exists	Succeed if the agent already exists' "$__wabot_globals"
        case 'agent create --type'
            printf '%s\n' 'rule_based	
:done'
        case 'agent create --rules-file'
            printf '%s\n' ':files'
        case 'agent update -'
            printf '%s\n' '--name	Display name
--description	Description
--rules-file	JSON array of {"pattern", "response"}; the first match answers; -: stdin
--fallback	Reply when no rule matches; empty: no reply
--trigger	Answer only texts that contain one of these words
--allow-contact	Answer only these contacts
--ignore-groups	Do not answer in groups
--quote	Quote the answered message in replies
--any-text	Remove all trigger words
--allow-all	Answer all contacts
--answer-groups	Answer in groups
--no-quote	Do not quote in replies' "$__wabot_globals"
        case 'agent update --rules-file'
            printf '%s\n' ':files'
        case 'agent delete -'
            printf '%s\n' '--if-exists	Succeed if the agent does not exist' "$__wabot_globals"
        case 'agent enable -'
            printf '%s\n' "$__wabot_globals"
        case 'agent disable -'
            printf '%s\n' "$__wabot_globals"
        case 'agent attach -'
            printf '%s\n' '--priority	Agents with a lower number are asked first (100)
--primary	Make this the primary agent, asked last' "$__wabot_globals"
        case 'agent detach -'
            printf '%s\n' "$__wabot_globals"
        case 'agent test -'
            printf '%s\n' '--text	Text of the message
--file	File of {"text", "reply", "rule"} lines; -: stdin
--from	Author: a contact\'s id or number
--why	Show for each rule why it matched or not' "$__wabot_globals"
        case 'agent test --file'
            printf '%s\n' ':files'
        case 'ignore'
            printf '%s\n' 'list	List the ignore rules: messages that agents do not answer
create	Create an ignore rule: agents do not answer messages of a contact, of a group, or with a word. The messages are stored
delete	Delete an ignore rule
test	Show which ignore rule a message would match
:done'
        case 'ignore list -'
            printf '%s\n' '--device	Only of this device
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'ignore list --sort'
            printf '%s\n' 'id	
id:desc	
device_id	
device_id:desc	
rule_type	
rule_type:desc	
value	Keyword of a keyword rule
value:desc	
address	Address of the contact or group that the rule matches
address:desc	
contact_id	The contact that the rule matches, if it is known
contact_id:desc	
is_active	
is_active:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done'
        case 'ignore create -'
            printf '%s\n' '--contact	Id, number, JID or user id
--group	Id of the group
--keyword	Word or phrase
--device	Device; required if there are several' "$__wabot_globals"
        case 'ignore delete -'
            printf '%s\n' '--if-exists	Succeed when there is no such rule' "$__wabot_globals"
        case 'ignore test -'
            printf '%s\n' '--from	Author: number, JID or user id
--device	Device; required if there are several' "$__wabot_globals"
        case 'contact'
            printf '%s\n' 'list	List the contacts, newest first
get	Show one contact: addresses, and contacts that may be the same person
:done'
        case 'contact list -'
            printf '%s\n' '--device	Only of this device
--people	Without groups
--groups	Only groups
--blocked	Only blocked contacts
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'contact list --sort'
            printf '%s\n' 'id	
id:desc	
device_id	
device_id:desc	
contact_jid	Address for replies: a JID, a user id or a group id
contact_jid:desc	
phone_number	null for groups and for people known only by user id
phone_number:desc	
name	
name:desc	
is_blocked	Messages are stored but not answered, and nothing is sent
is_blocked:desc	
is_group	
is_group:desc	
marketing	Whether the contact accepts marketing; null: never said
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
:done'
        case 'contact get -'
            printf '%s\n' '--device	Device; required if the number is known on several' "$__wabot_globals"
        case 'conversation'
            printf '%s\n' 'list	List the conversations, newest first
get	Show one conversation and its last messages
handoff	Hand a conversation over to a person, or back to the agents
:done'
        case 'conversation list -'
            printf '%s\n' '--device	Only of this device
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose last_message_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'conversation list --sort'
            printf '%s\n' 'id	
id:desc	
key	
key:desc	
device_id	
device_id:desc	
device	The device\'s key
device:desc	
contact_id	
contact_id:desc	
contact	
contact:desc	
contact_jid	
contact_jid:desc	
title	
title:desc	
status	
status:desc	
control	Who answers: agents or a person
control:desc	
control_until	When the takeover by a person ends
control_until:desc	
turn_pending	Number of messages that wait for an answer
turn_pending:desc	
send_pending	Number of sends that wait or run
send_pending:desc	
last_message_at	
last_message_at:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done'
        case 'conversation get -'
            printf '%s\n' '--messages	Number of messages (50)' "$__wabot_globals"
        case 'conversation handoff -'
            printf '%s\n' '--to	Who answers from now on: human or agent' "$__wabot_globals"
        case 'conversation handoff --to'
            printf '%s\n' 'agent	
human	
:done'
        case 'message'
            printf '%s\n' 'list	List the messages, newest first
get	Show one message, its turn and why it was answered or not; --reveal adds the raw item
send	Send a message to a contact as a person; agents do not answer in the conversation for a while
read	Mark a message as read, and all messages before it
status	Show the history of messages step by step, and why there was no answer
:done'
        case 'message list -'
            printf '%s\n' '--device	Only of this device
--conversation	Only of this contact
--direction	Only this direction
--state	Only rows in this state
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'message list --direction'
            printf '%s\n' 'incoming	
outgoing	
internal	
:done'
        case 'message list --state'
            printf '%s\n' 'received	
queued	
sent	
delivered	
read	
played	
failed	
uncertain	
held	
cancelled	
:done'
        case 'message list --sort'
            printf '%s\n' 'id	
id:desc	
conversation_id	
conversation_id:desc	
conversation_key	
conversation_key:desc	
device_id	
device_id:desc	
device	The device\'s key
device:desc	
direction	
direction:desc	
sender_kind	
sender_kind:desc	
agent_id	
agent_id:desc	
contact_id	
contact_id:desc	
contact	The contact\'s name
contact:desc	
contact_jid	
contact_jid:desc	
author_contact_id	Author of the message, in a group
author_contact_id:desc	
message_type	
message_type:desc	
content	Text of the message; null if it has none
content:desc	
metadata	Other content: file, location, order, chosen option, advertisement
metadata:desc	
whatsapp_message_id	The provider\'s id, on every channel
whatsapp_message_id:desc	
parent_id	The quoted message, or the message that a reaction refers to
parent_id:desc	
status	
status:desc	
error	
error:desc	
edited_at	When the author edited the message; metadata keeps the first text
edited_at:desc	
revoked_at	When the author deleted the message: the content is kept and not shown
revoked_at:desc	
is_from_user	
is_from_user:desc	
timestamp	Time at the provider, else time of storing
timestamp:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done'
        case 'message get -'
            printf '%s\n' "$__wabot_globals"
        case 'message send -'
            printf '%s\n' '--text	Text, or body of buttons and lists; -: stdin
--preview-url	Show a preview of the first link in the text
--image	A file, a URL, or a media id of the provider
--video	Like --image
--audio	Like --image
--document	Like --image
--sticker	Like --image
--caption	Caption of an image, a video or a document
--filename	File name of a document
--voice	Send the audio as a voice message (Ogg with Opus)
--template	An approved template; allowed at any time
--language	Language of the template: en, pt_BR
--var	Value of a placeholder: 1=Ada or name=Ada in the body, header.1=Ada, button.0=SUFFIX of a link
--components	All components of the template, as JSON, instead of --var
--button	Reply button; up to three
--list	List of options: JSON with button and sections
--cta	Button that opens a link
--ask-location	Button with which the contact sends a location
--interactive	Any interactive message, as JSON
--header	Header of buttons and lists
--footer	Footer of buttons and lists
--react	React to the message of --to-message
--remove	Remove the reaction to the message of --to-message
--to-message	Message to react to
--location	Coordinates of a location
--name	Name of the location
--address	Address of the location
--contact-card	Contact card, or a list of contact cards, as JSON
--device	Device; required if there are several
--idempotency-key	Send only once for this key; the key is kept for two days
--wait	Wait until the message has this status or failed (sent)
--reply-to	Message to quote' "$__wabot_globals"
        case 'message send --image'
            printf '%s\n' ':files'
        case 'message send --video'
            printf '%s\n' ':files'
        case 'message send --audio'
            printf '%s\n' ':files'
        case 'message send --document'
            printf '%s\n' ':files'
        case 'message send --sticker'
            printf '%s\n' ':files'
        case 'message send --components'
            printf '%s\n' ':files'
        case 'message send --list'
            printf '%s\n' ':files'
        case 'message send --interactive'
            printf '%s\n' ':files'
        case 'message send --contact-card'
            printf '%s\n' ':files'
        case 'message read -'
            printf '%s\n' '--typing	Also show the typing indicator' "$__wabot_globals"
        case 'message status -'
            printf '%s\n' '--watch	Show each step when it happens, until the last one' "$__wabot_globals"
        case 'template'
            printf '%s\n' 'list	List the message templates that the provider reported, newest first
get	Show one message template: status, category and quality
:done'
        case 'template list -'
            printf '%s\n' '--device	Only templates of this device\'s account
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'template list --sort'
            printf '%s\n' 'id	
id:desc	
waba_id	WhatsApp business account id
waba_id:desc	
name	
name:desc	
language	
language:desc	
status	Status at the provider; REJECTED, PAUSED and DISABLED templates cannot be sent
status:desc	
category	
category:desc	
quality	
quality:desc	
reason	Reason for the status
reason:desc	
provider_ref	
provider_ref:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done'
        case 'template get -'
            printf '%s\n' '--language	Language; required if the name has several' "$__wabot_globals"
        case 'file'
            printf '%s\n' 'list	List received and sent files, newest first
get	Show one file, or save its content
:done'
        case 'file list -'
            printf '%s\n' '--device	Only of this device
--origin	Run only these checks
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'file list --origin'
            printf '%s\n' 'incoming	
outgoing	
:done'
        case 'file list --sort'
            printf '%s\n' 'id	
id:desc	
uuid	
uuid:desc	
device_id	
device_id:desc	
origin	
origin:desc	
file_name	Display name; not a path
file_name:desc	
file_type	MIME type, checked against the content
file_type:desc	
file_size	Bytes
file_size:desc	
sha256	
sha256:desc	
storage_backend	
storage_backend:desc	
storage_key	
storage_key:desc	
deleted_at	When the content was deleted
deleted_at:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done'
        case 'file get -'
            printf '%s\n' '--save	Write the content to a new file; -: stdout' "$__wabot_globals"
        case 'event'
            printf '%s\n' 'list	List the received webhooks, newest first
get	Show one webhook and the state of each of its items; --reveal adds the body
replay	Process webhooks again; messages that are already stored are not stored twice
:done'
        case 'event list -'
            printf '%s\n' '--state	Only rows in this state
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose received_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'event list --state'
            printf '%s\n' 'received	
done	
quarantined	
unrouted	
:done'
        case 'event list --sort'
            printf '%s\n' 'id	
id:desc	
kind	
kind:desc	
device_id	
device_id:desc	
state	
state:desc	
error	
error:desc	
items	Number of items in the body
items:desc	
messages	Number of messages stored
messages:desc	
attempts	
attempts:desc	
request_id	
request_id:desc	
received_at	
received_at:desc	
done_at	
done_at:desc	
:done'
        case 'event get -'
            printf '%s\n' "$__wabot_globals"
        case 'event replay -'
            printf '%s\n' "$__wabot_globals"
        case 'queue'
            printf '%s\n' 'list	Show for each queue how much waits, runs and failed, and whether it is paused
pause	Pause queues: workers take no new work from them. Running work ends, webhooks are still stored, a restart does not resume
resume	Resume paused queues
:done'
        case 'queue list -'
            printf '%s\n' '--filter	Only rows that match this filter: name ~ "send"
--sort	Sort order
--limit	Largest number of rows (all)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'queue list --sort'
            printf '%s\n' 'name	
name:desc	
depth	Number waiting: webhooks, messages to answer, sends, jobs
depth:desc	
due	Number ready to run now: webhooks, conversations, jobs
due:desc	
oldest	When the oldest of these became due
oldest:desc	
running	
running:desc	
retrying	
retrying:desc	
dead	Dead letters: failed after all attempts; inbox: bodies that could not be read
dead:desc	
uncertain	Sends that may have arrived; wabot settles them
uncertain:desc	
held	Waits for an operator; inbox: bodies for no known device
held:desc	
paused_since	
paused_since:desc	
paused_by	
paused_by:desc	
:done'
        case 'queue pause'
            printf '%s\n' 'inbox	
turn	
send	
job	
:done'
        case 'queue pause -'
            printf '%s\n' "$__wabot_globals"
        case 'queue resume'
            printf '%s\n' 'inbox	
turn	
send	
job	
:done'
        case 'queue resume -'
            printf '%s\n' "$__wabot_globals"
        case 'job'
            printf '%s\n' 'list	List unfinished turns, sends and jobs: running, waiting, failed, uncertain or held
get	Show a turn, a send or a job: state, meaning, failed attempts, possible actions
retry	Try again now: dead, held, cancelled and retrying work, by id or all that match; several are spread over up to a minute
cancel	Cancel work that waits, failed, is uncertain or held; running work is not cancelled
resolve	Settle uncertain or held sends: sent ends them, not-sent queues them again
:done'
        case 'job list -'
            printf '%s\n' '--queue	Only work of this queue
--state	Only work in this state (all but done and cancelled)
--error	Only work whose last error matches this pattern (RE2)
--device	Only of this device
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'job list --queue'
            printf '%s\n' 'turn	
send	
job	
:done'
        case 'job list --state'
            printf '%s\n' 'running	
available	
retrying	
uncertain	
held	
dead	
cancelled	
done	
:done'
        case 'job list --sort'
            printf '%s\n' 'id	
id:desc	
number	
number:desc	
kind	
kind:desc	
state	
state:desc	
attempt	
attempt:desc	
due_at	Time of the next attempt
due_at:desc	
error	
error:desc	
error_code	The provider\'s code of the last refusal of a send
error_code:desc	
device	The device\'s key
device:desc	
conversation_id	
conversation_id:desc	
message_id	The message that is answered (turn) or sent (send)
message_id:desc	
worker	
worker:desc	
reason	Turn: the rule that answered; send: how it was settled
reason:desc	
created_at	
created_at:desc	
updated_at	
updated_at:desc	
:done'
        case 'job get -'
            printf '%s\n' "$__wabot_globals"
        case 'job retry -'
            printf '%s\n' '--queue	Only work of this queue
--state	Only in this state (dead)
--error	Only work whose last error matches this pattern (RE2)
--device	Only of this device' "$__wabot_globals"
        case 'job retry --queue'
            printf '%s\n' 'turn	
send	
job	
:done'
        case 'job retry --state'
            printf '%s\n' 'running	
available	
retrying	
uncertain	
held	
dead	
cancelled	
done	
:done'
        case 'job cancel -'
            printf '%s\n' "$__wabot_globals"
        case 'job resolve -'
            printf '%s\n' '--as	Result: sent or not-sent' "$__wabot_globals"
        case 'job resolve --as'
            printf '%s\n' 'sent	
not-sent	
:done'
        case 'retention'
            printf '%s\n' 'show	Show retention times
run	Delete data older than its retention time; workers do this every hour
:done'
        case 'retention show -'
            printf '%s\n' '--filter	Only rows that match this filter: name ~ "send"
--sort	Sort order
--limit	Largest number of rows (all)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'retention run'
            printf '%s\n' 'webhook	
part	
job	
change	
attempt	
file	
audit	
key	
upload	
:done'
        case 'retention run -'
            printf '%s\n' "$__wabot_globals"
        case 'audit'
            printf '%s\n' 'list	List the audit log: who changed data or showed masked data in full, newest first
get	Show one entry of the audit log
:done'
        case 'audit list -'
            printf '%s\n' '--actor	Only entries of this actor: cli:ana
--object	Only entries about this object: device/shop, send/81, or device for all devices
--filter	Only rows that match this filter: status = failed and not (content ~ "invoice")
--since	Only rows whose created_at is not before: 2026-01-31, 24h, 7d
--until	Only rows before this time
--sort	Sort order; any column but id needs a read of all rows
--limit	Largest number of rows (50)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'audit list --sort'
            printf '%s\n' 'id	
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
:done'
        case 'audit get -'
            printf '%s\n' "$__wabot_globals"
        case 'tail'
            printf '%s\n' 'webhooks	
messages	
jobs	
devices	
contacts	
:done'
        case 'tail -'
            printf '%s\n' '--device	Only of this device
--grep	Only lines that match this regular expression
--last	Number of past events to begin with (20)
--follow	Continue with new events; the default at a terminal
--no-follow	End after the past events' "$__wabot_globals"
        case 'listen -'
            printf '%s\n' '--device	Only of this device
--forward-to	Post each body unchanged to this URL, signed with the secret that verified it
--event	Only these events: whatsapp.message, whatsapp.status.read
--retry	Forward again after a failure, five times at most' "$__wabot_globals"
        case 'listen --event'
            printf '%s\n' 'whatsapp.account_alerts	
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
:done'
        case 'trigger'
            printf '%s\n' 'list	
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
:done'
        case 'trigger -'
            printf '%s\n' '--device	Device of the webhook; required if there are several
--to-url	Post to this URL instead of this installation\'s server
--from	Author: a number, or a contact\'s id
--message	Message that a status, quote or reaction refers to (default: the last sent message)
--set	Set a member of the message or status; PATH:=VALUE takes JSON
--unset	Remove a member
--from-file	Post the body of this file; -: stdin. With EVENT the body is checked first
--repeat	Number of webhooks, each with its own id and time (1)
--rate	Webhooks per second (default: the next one follows the answer to the last)
--duplicate	Share of webhooks to post twice, 0 to 1
--bad-signature	Sign with a wrong secret
--expect	Expected HTTP status; exit 1 for another one
--filter	With list: only events that match this filter: event ~ "status"
--sort	With list: sort order: event, summary' "$__wabot_globals"
        case 'trigger --from-file'
            printf '%s\n' ':files'
        case 'config'
            printf '%s\n' 'show	Show the effective settings
check	Check the configuration and show all errors
:done'
        case 'config show'
            printf '%s\n' 'store.dir	Folder of the database and of files/.
database.url	Database URL: sqlite:///x is relative, sqlite:////x absolute; postgresql://user:password@host/name takes the parameters of libpq (sslmode, ...).
security.master_key	Master key, 64 hexadecimal digits. Phone numbers and credentials are encrypted with it and cannot be read without it: keep a copy elsewhere.
server.host	Address on which serve listens.
server.port	Port on which serve listens; 0 chooses a free port.
server.webhook_body_max	Largest accepted webhook body, in bytes. Providers send up to 3 MiB.
server.trusted_proxies	Addresses and networks of the reverse proxies in front of this server, separated by commas. They are exempt from the limits by address, and their X-Forwarded-For (Forwarded where that is missing) says who the client is; from anybody else both say nothing.
server.drain_timeout	Time that a stopping process gives running work to finish.
metrics.token	Token that clients of /metrics must send, as Authorization: Bearer TOKEN.
security.allow_unsigned_webhooks	Accept webhooks without a signature from this machine: for development only.
whatsapp.access_token	Access token of the WhatsApp Cloud API, from a system user.
whatsapp.phone_number_id	Id of the phone number at Meta, not the number itself.
whatsapp.verify_token	Verify token: Meta sends it when you register the webhook address. Any text of your choice.
whatsapp.app_secret	Secret of the Meta app. It signs the webhooks; without it no webhook is accepted.
whatsapp.graph_url	Address of the Graph API.
whatsapp.graph_version	Version of the Graph API.
worker.lease	Lease of a claimed job. When it expires, another worker may run the job.
worker.uncertain_window	How long an uncertain send waits for a status webhook before it is resent or held.
worker.turn_attempts	Attempts at a turn before it becomes a dead letter.
worker.send_attempts	Attempts at a send before it becomes a dead letter.
worker.send_concurrency	Largest number of sends in flight per worker process.
conversation.takeover_timeout	How long agents do not answer after a person took over a conversation.
conversation.media_wait	How long a turn waits for the media of its message (image, voice note, document). After that the agent answers without the file.
retention.webhooks	How long webhook bodies and the record of their items are kept. Messages stored from them stay.
retention.jobs	How long finished and cancelled jobs are kept. Dead and held jobs stay until an operator retries or cancels them.
retention.changes	How long the activity feed and the record of failed attempts are kept.
retention.files	How long the contents of received and sent files are kept; 0s keeps them for ever.
retention.audit	How long the audit log is kept; 0s keeps it for ever.
retention.idempotency_keys	How long idempotency keys of message send are kept. While a key is kept, the same key does not send twice.
log.level	Least severity that is logged.
log.format	Format of log lines.
log.folder	Folder of auth.log, twilio_webhook.log, messages.log and reports.log. Not set: stderr only.
cli.output	Output format of commands. Not set: a table on a terminal, tab-separated values in a pipe.
cli.color	Colour on the terminal.
cli.pager	Program that pages output longer than the screen; cat disables paging. Ignored in ./wabot.toml unless -c names that file.
:done'
        case 'config show -'
            printf '%s\n' '--origin	Also show the origin of each value
--filter	Only rows that match this filter: name ~ "send"
--sort	Sort order
--limit	Largest number of rows (all)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'config show --sort'
            printf '%s\n' 'name	
name:desc	
value	
value:desc	
origin	
origin:desc	
:done'
        case 'config check'
            printf '%s\n' ':files'
        case 'config check -'
            printf '%s\n' "$__wabot_globals"
        case 'migrate'
            printf '%s\n' 'status	Show the schema migrations; exit 10 when some are pending
plan	Print the SQL that migrate up would run
up	Migrate the database to this version\'s schema, or create it; a database with data is backed up first
down	Revert the last migration, after a backup
:done'
        case 'migrate status -'
            printf '%s\n' '--filter	Only rows that match this filter: name ~ "send"
--sort	Sort order
--limit	Largest number of rows (all)
--all	All rows, without a limit
--cursor	Continue a list: the next_cursor of its last page
--watch	Show the list again when it changes, until Ctrl-C' "$__wabot_globals"
        case 'migrate status --sort'
            printf '%s\n' 'revision	
revision:desc	
name	
name:desc	
applied	
applied:desc	
applied_at	
applied_at:desc	
:done'
        case 'migrate plan -'
            printf '%s\n' "$__wabot_globals"
        case 'migrate up -'
            printf '%s\n' '--to	Stop at this revision' "$__wabot_globals"
        case 'migrate down -'
            printf '%s\n' "$__wabot_globals"
        case 'version -'
            printf '%s\n' "$__wabot_globals"
        case 'explain'
            printf '%s\n' 'device	An account on a channel. Its key is its name in commands and links.
account-event	A change of an account that the provider reported: a limit, a restriction, a quality rating.
agent	A program that answers messages, by rules.
binding	An agent attached to a device, with its priority. agent attach creates it, agent get shows it.
ignore	A rule: agents do not answer messages that match it. The messages are stored.
contact	A person or group that writes to a device.
conversation	The messages between one contact and one device. They are processed in order.
message	One incoming or outgoing message.
template	A message template, as the provider last reported it.
file	A file received with a message, or sent.
event	A webhook body, as received.
item	One message, status or other item inside an event. event get shows the items.
queue	A queue of work for the workers, with its counts.
job	A turn, a send or a background job, with its state.
audit	An entry of the audit log: who changed data or showed masked data in full, with which command, when.
change	One event of the activity feed, as tail shows it.
setting	A setting: its effective value and where the value comes from. wabot help config lists all settings.
migration	A migration of the database schema.
limits	Limits
:done'
        case 'explain -'
            printf '%s\n' "$__wabot_globals"
        case 'completion'
            printf '%s\n' 'bash	
zsh	
fish	
:done'
        case 'completion -'
            printf '%s\n' '--install	Write the script to your user\'s completion folder' "$__wabot_globals"
        case 'help'
            printf '%s\n' 'init	Set up wabot in a folder: settings file, master key, database. Existing files stay as they are
doctor	Check this installation; exit 1 when a check fails
serve	Run the server: receive webhooks, answer and send, with workers in the same process
worker	Run workers: read the inbox, answer messages, send, run background jobs
chat	Chat with an agent in the terminal; nothing is stored or sent
device	list, get, events, create, update, enable, disable, resume, delete
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
tail	Show the activity feed: the last events, then new events, until Ctrl-C
listen	Show webhooks when the server receives them, and forward them to your own program; changes nothing
trigger	Post signed webhooks to the server, as WhatsApp does, and show the outcome; exit 9 if there is none after 5 s
config	show, check
migrate	status, plan, up, down
version	Show the version, the supported schema revisions and the libraries
explain	Explain the fields of an object: types and allowed values
completion	Print a completion script for a shell: commands, flags and names of objects
help	Explain a command or a topic
global-flags	Flags of every command
output	Output formats, stdout and stderr
exit-codes	Exit codes of commands
environment	Environment variables
config	Sources of settings, and all settings
limits	Limits
filters	Filters and sort orders of lists
scripting	Stable interfaces for scripts
security	How secrets and phone numbers are protected
:done'
        case 'help -'
            printf '%s\n' "$__wabot_globals"
        case '*'
            return 1
    end
end

function __wabot_complete
    set -l words (commandline -opc)
    set -l begun (commandline -ct | string replace -r '^["\']' '')
    set begun (string unescape -- "$begun"; or printf '%s' "$begun")
    set -l before $words[2..]
    set -l key (string join ' ' -- $before)
    string match -q -- '-*' "$begun"; and set key "$key -"
    string match -q -- '-*=*' "$begun"; and set key "$key="  # the value of an option: never known beforehand
    set -l lines (__wabot_static "$key")
    or set lines ($words[1] __complete -- $before "$begun" 2>/dev/null)
    if not set -q lines[1]
        return
    end
    if test "$lines[-1]" = :files
        __fish_complete_path "$begun"
        return
    end
    # All but the directive. What fits, and how it is quoted, is fish's own affair.
    string match -e \t -- $lines
end

complete -c wabot -f -a '(__wabot_complete)'
