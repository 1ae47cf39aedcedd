// Marks what plugin and runner share, so that a plugin compiled with hidden symbols still sees one type of each name.
#pragma once

#define RXRUN_API __attribute__((visibility("default")))
