/* SPDX-License-Identifier: ISC */
/*
 * Error numbers as guests see them: Linux's values on every architecture (public/errno.h of the
 * ABI).
 */
#ifndef HYP_ERRNO_H
#define HYP_ERRNO_H

#ifndef EPERM
#define EPERM         1
#define ENOENT        2
#define ESRCH         3
#define EINTR         4
#define EIO           5
#define ENXIO         6
#define E2BIG         7
#define EAGAIN        11
#define ENOMEM        12
#define EACCES        13
#define EFAULT        14
#define EBUSY         16
#define EEXIST        17
#define EXDEV         18
#define ENODEV        19
#define EINVAL        22
#define ENOSPC        28
#define ERANGE        34
#define EDEADLK       35
#define ENOSYS        38
#define ENODATA       61
#define EOVERFLOW     75
#define EOPNOTSUPP    95
#define EADDRINUSE    98
#define EADDRNOTAVAIL 99
#define ENOBUFS       105
#define EISCONN       106
#define ENOTCONN      107
#endif
#ifndef ERESTART
#define ERESTART 85
#endif

#endif
