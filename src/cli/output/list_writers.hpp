#pragma once

#include <memory>

#include "cli/output/output.hpp"

namespace wabot::cli {

struct ListShape {
    std::string noun;
    std::span<const Field> fields;
    const OutputOptions& options;
    Time now;
};

/// The fields that columns are made of: those asked for, else all that are neither secret nor wide. Ending{usage} names an unknown one.
std::vector<const Field*> columns_of(std::span<const Field> fields, const std::vector<std::string>& asked, bool with_wide);

TimeStyle time_style_of(const OutputOptions& options);

std::unique_ptr<ListWriter> open_list_writer(ListShape shape, Sink& data);

/// The value of the field marked as key, else of `id`: what `noun/id` and arguments name an object by.
std::string name_of(std::span<const Field> fields, const void* object);

}  // namespace wabot::cli
