// Splits: which images train, which are scored every epoch, which once at the end. A function of the listing and the
// seed.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace rxrun {

// Sets every sample's group by `split.group_by`: the first group of the regular expression, searched in the file's name
// and then in the sample's whole name. Images that it does not match are units of their own. Leaves the listing as it
// is when there is no group_by, or when the source has set the groups by a column of that name. Throws Error with an
// example name when nothing matches.
void assign_groups(Listing& listing, const DataSpec& spec);

using Parts = std::array<std::vector<std::int64_t>, 3>;

// Draws or takes the parts, as SplitSpec says:
// - a part given by name is that part of the source (val, valid and validation are one name);
// - a part given as a fraction is drawn from the source's part that `train` names, if it names one, else from every
//   image that no other part claims by name.
// Groups are never torn; classes and sizes come as near to the fractions as the groups allow.
// Throws Error when a part is empty or train lacks a class that another part has.
Parts draw_split(const Listing& listing, const DataSpec& spec, std::uint64_t seed);

// Of each part how many images of each class it has, in the order of the classes.
using ClassImages = std::array<std::vector<std::int64_t>, 3>;
ClassImages class_images(const std::vector<std::string>& classes, const std::vector<Sample>& samples,
                         const Parts& parts);

// The same checks, for use after bad images have left: throws, with the warnings that there are already, or adds to
// them.
void check_parts(const std::vector<std::string>& classes, const std::vector<Sample>& samples, const Parts& parts,
                 const DataSpec& spec, std::vector<Diagnostic>& warnings);

// What may surprise of a split that can be drawn: that the source's own parts are not heeded, and fractions that whole
// groups came far from.
std::vector<Diagnostic> split_warnings(const Listing& listing, const DataSpec& spec, const Parts& parts);

// Shares of train, validation, test and of what stays unused; their sum is 1.
using Shares = std::array<double, 4>;

// Assigns each group (given as its number of images of each class) to one of the four, as near to the shares as whole
// groups allow, in classes and in sizes; train gets every class if it can.
std::vector<int> assign_groups_to_parts(const std::vector<std::vector<std::int64_t>>& groups, const Shares& shares,
                                        std::uint64_t seed);

}  // namespace rxrun
