using System.Runtime.InteropServices;

namespace Rvq.Files;

/// <summary>What Linux knows of a file that .NET does not tell: which file it is whatever its names, its kind, and whose it is.</summary>
/// <param name="Device">The device that holds the file.</param>
/// <param name="Number">The file's number there (inode).</param>
/// <param name="Kind">The kind of file, one of the constants.</param>
/// <param name="IsMountPoint">Whether another file is mounted there, as containers do with single files; such a place cannot be renamed
/// to.</param>
/// <param name="User">The owner.</param>
/// <param name="Group">The owner's group.</param>
internal readonly partial record struct FileStatus(ulong Device, ulong Number, int Kind, bool IsMountPoint, uint User, uint Group)
{
    /// <summary>A regular file, as in S_IFREG.</summary>
    public const int Regular = 0x8000;

    /// <summary>A socket, as in S_IFSOCK.</summary>
    public const int Socket = 0xC000;

    private const int WriteAccess = 2;
    private const int KindMask = 0xF000;
    private const int CurrentFolder = -100;
    private const int BasicFields = 0x7FF;

    // struct statx, the same on every architecture: 256 bytes.
    private const int Length = 256;
    private const int AttributesOffset = 8;
    private const int MountPoint = 0x2000;
    private const int UserOffset = 20;
    private const int GroupOffset = 24;
    private const int ModeOffset = 28;
    private const int NumberOffset = 32;
    private const int DeviceOffset = 136;

    /// <summary>The status of a file, links followed; null where there is none or the system does not tell.</summary>
    public static FileStatus? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> status = stackalloc byte[Length];
        try
        {
            if (Query(CurrentFolder, path, 0, BasicFields, ref MemoryMarshal.GetReference(status)) != 0)
            {
                return null;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }

        return new FileStatus(
            MemoryMarshal.Read<ulong>(status[DeviceOffset..]),
            MemoryMarshal.Read<ulong>(status[NumberOffset..]),
            MemoryMarshal.Read<ushort>(status[ModeOffset..]) & KindMask,
            (MemoryMarshal.Read<ulong>(status[AttributesOffset..]) & MountPoint) != 0,
            MemoryMarshal.Read<uint>(status[UserOffset..]),
            MemoryMarshal.Read<uint>(status[GroupOffset..]));
    }

    /// <summary>
    /// Whether a file may be written to: it is not protected against everybody, which root too respects here, nor against this process.
    /// </summary>
    public static bool IsWritable(string path)
    {
        const UnixFileMode Writable = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        return OperatingSystem.IsWindows() ? !new FileInfo(path).IsReadOnly : (File.GetUnixFileMode(path) & Writable) != 0
            && CanAccess(path, WriteAccess) == 0;
    }

    /// <summary>Gives a file the owner of another, or its group at least, as far as the system lets this process.</summary>
    public static void CopyOwner(string from, string to)
    {
        if (Of(from) is { } wanted && Of(to) is { } given && (wanted.User, wanted.Group) != (given.User, given.Group)
            && ChangeOwner(to, wanted.User, wanted.Group) != 0)
        {
            _ = ChangeOwner(to, uint.MaxValue, wanted.Group);
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Query(int folder, string path, int flags, uint fields, ref byte status);

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CanAccess(string path, int kind);

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
