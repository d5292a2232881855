#pragma once

namespace wabot {

/// To be called before SQLite is used for the first time in this process; later it changes nothing. SQLite gives a page the number of the page that
/// no database has (the one its locks stand on, 262,145) while it puts pages in order, and remembers that as the highest number in its cache: at the
/// next commit it then looks through the whole cache for pages beyond the end of the database. With 20 MiB in the cache these looks cost the writer
/// a tenth of its time. This keeps account of the highest number itself and lets SQLite look only when something can be found.
void mind_the_highest_page();

}  // namespace wabot
