#pragma warning disable CA1416 // Tests of modes skip on Windows, which the analyzer does not see.

using Rvq.Tests.Files;

namespace Rvq.Tests.Tool;

/// <summary>
/// Where the command writes, as people call it from a shell: the cases of shared/data/files, each with what its README calls right.
/// </summary>
public sealed class OutputRuleTests : IDisposable
{
    private const string Encode = "$RVQ encode model.th frames.npy -o";
    private const string Train = "$RVQ train frames.npy --codebooks 2 --size 8 --iterations 1 -o";
    private readonly ToolProcess _tool = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Encode_SharedMemory_IsAFolderLikeOthers(bool exists)
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "There is no /dev/shm here.");
        var codes = $"/dev/shm/rvq-{Guid.NewGuid():N}.npy";
        try
        {
            _tool.Succeed($"{(exists ? $"head -c 12128 /dev/zero > {codes};" : "")} {Encode} {codes}");
            Assert.Equal(608, new FileInfo(codes).Length);
            _tool.AssertCodes(codes);
        }
        finally
        {
            File.Delete(codes);
        }
    }

    [Theory]
    [InlineData("/dev/stdout")]
    [InlineData("-")]
    [InlineData("/dev/fd/1")]
    public void Encode_StandardOutputByAnyName_GetsTheDataAlone(string name)
    {
        _tool.Succeed($"{Encode} {name} | cat > piped.npy");
        Assert.Contains("40 frames", _tool.Error, StringComparison.Ordinal);
        _tool.Succeed($"{Encode} {name} > redirected.npy");
        _tool.Succeed($"{{ printf before; {Encode} {name}; }} > behind");
        Assert.Equal(608, new FileInfo(_tool.File("piped.npy")).Length);
        _tool.AssertCodes(_tool.File("piped.npy"));
        _tool.AssertCodes(_tool.File("redirected.npy"));
        Assert.Equal([.. "before"u8, .. File.ReadAllBytes(_tool.File("piped.npy"))], File.ReadAllBytes(_tool.File("behind")));
    }

    [Fact]
    public void Train_StandardOutput_GetsTheModelAlone()
    {
        _tool.Succeed($"{Train} model.st; {Train} - > piped.st");
        Assert.Equal(File.ReadAllBytes(_tool.File("model.st")), File.ReadAllBytes(_tool.File("piped.st")));
        Assert.Contains("perplexity", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_OpenFileOfTheShell_IsWrittenTo()
    {
        _tool.Succeed($"{Encode} /dev/fd/3 3>&1 >report | cat > codes.npy");
        _tool.AssertCodes(_tool.File("codes.npy"));
        Assert.Contains("40 frames", File.ReadAllText(_tool.File("report")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Encode, 608)]
    [InlineData(Train, null)]
    public void Run_NamedPipe_IsWrittenTo(string command, int? length)
    {
        _tool.Succeed($"mkfifo x.fifo; cat x.fifo > got & {command} x.fifo; wait; test -p x.fifo");
        Assert.Equal(length ?? new FileInfo(_tool.File("got")).Length, new FileInfo(_tool.File("got")).Length);
        if (length is null)
        {
            Assert.Equal(2, RvqModel.Load(_tool.File("got")).CodebookCount);
        }
        else
        {
            _tool.AssertCodes(_tool.File("got"));
        }
    }

    [Fact]
    public void Help_FullDisk_IsOneLine()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full here.");
        foreach (var args in (string[])["--help", "--version", "inspect model.th", "encode --help"])
        {
            _tool.Fail(1, "No space left on device", $"$RVQ {args} > /dev/full");
        }

        _tool.Fail(1, "No space left on device", $"{Encode} /dev/full");
        Assert.Equal(1, _tool.Run("$RVQ --help > /dev/full 2> /dev/full"));
    }

    [Fact]
    public void Encode_ExistingFile_KeepsItsMode()
    {
        _tool.Succeed($"echo x > o.npy; chmod 600 o.npy; {Encode} o.npy");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_tool.File("o.npy")));
        _tool.AssertCodes(_tool.File("o.npy"));
        _tool.Succeed($"umask 027; {Encode} new.npy");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(_tool.File("new.npy")));
    }

    [Theory]
    [InlineData("model.th", $"{Encode} model.th")]
    [InlineData("frames.npy", $"{Encode} frames.npy")]
    [InlineData("frames.npy", $"ln -s frames.npy link; {Encode} link")]
    [InlineData("frames.npy", $"ln frames.npy hard; {Encode} hard")]
    [InlineData("-", "$RVQ encode model.th - -o frames.npy < frames.npy")]
    [InlineData("frames.npy", $"{Train} frames.npy")]
    [InlineData("frames.npy", $"{Train} ./frames.npy")]
    [InlineData("expected_codes.npy", "$RVQ decode model.th expected_codes.npy -o expected_codes.npy")]
    [InlineData("original.wav", "cp sound original.wav; $RVQ demo original.wav -o .")]
    public void Run_OutputThatIsAnInput_IsRefused(string input, string script)
    {
        File.Copy(ToolProcess.Fixture("wav_formats/x.wav"), _tool.File("sound"));
        var before = _tool.Files().ToDictionary(name => name, name => File.ReadAllBytes(_tool.File(name)));
        _tool.Fail(1, $"It is {input}, which the command reads", script);
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(_tool.File(file.Key))));
    }

    [Theory]
    [InlineData("$RVQ train none.npy -o nodir/out")]
    [InlineData("$RVQ encode none none.npy -o nodir/out")]
    [InlineData("$RVQ decode none none.npy -o nodir/out")]
    public void Run_BadOutput_IsToldBeforeTheWork(string script)
    {
        // The inputs are missing as well: who reads them first says so.
        _tool.Fail(1, "nodir/out", script);
        _tool.Fail(1, "nodir/out' is a folder", $"mkdir -p nodir/out; {script}");
        _tool.Fail(1, "nodir/out' is read-only", $"rm -r nodir/out; touch nodir/out; chmod 400 nodir/out; {script}");
        Assert.Equal(["out"], Directory.GetFileSystemEntries(_tool.File("nodir")).Select(path => Path.GetFileName(path)));
    }

    [Theory]
    [InlineData("ro")]
    [InlineData("full")]
    public void Train_ReadOnlyOrFullFolder_IsToldBeforeTheWork(string state)
    {
        using var disk = new Tmpfs("size=128k");
        if (state == "ro")
        {
            disk.Remount("ro");
        }
        else
        {
            File.WriteAllBytes(Path.Combine(disk.Folder, "filler"), new byte[128 << 10]);
        }

        _tool.Fail(1, $"{disk.Folder}/m.st", $"$RVQ train none.npy -o {disk.Folder}/m.st");
        Assert.DoesNotContain(".tmp", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_FolderOfAnother_IsToldBeforeTheWork()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "Root may write everywhere.");
        _tool.Fail(1, "locked/m.st", "mkdir locked; chmod 555 locked; $RVQ train none.npy -o locked/m.st");
    }

    [Fact]
    public void Train_Device_StaysADevice()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root makes devices.");
        Assert.SkipUnless(_tool.Run("mknod null c 1 3") == 0, "This container does not let root make devices.");
        _tool.Succeed($"{Train} null; test -c null && {Encode} null && test -c null");
        Assert.Empty(_tool.Error);
    }

    [Fact]
    public void Train_Link_StaysALink()
    {
        _tool.Succeed($"echo old > real.st; ln -s real.st link.st; {Train} link.st; test -L link.st && test ! -L real.st");
        Assert.Equal(2, RvqModel.Load(_tool.File("real.st")).CodebookCount);
        Assert.Equal(["expected_codes.npy", "frames.npy", "link.st", "model.th", "real.st"], _tool.Files());
    }

    [Fact]
    public void Run_ClosedStandardStreams_DoNotHang()
    {
        _tool.Fail(1, "Standard input is closed", "$RVQ encode model.th - -o codes.npy <&-");
        _tool.Fail(1, "Standard output is closed", $"{Encode} - >&-");
        _tool.Succeed($"{Encode} codes.npy <&- >&- 2>&-");
        _tool.AssertCodes(_tool.File("codes.npy"));
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public void Run_StoppedWhileItWaits_LeavesNothing(string signal, int code)
    {
        // It waits for frames that never come; the signal comes twice, as from a shell and from timeout(1).
        // (env: a shell without job control has its background commands ignore Ctrl-C.)
        Assert.SkipUnless(_tool.Run("env --default-signal=INT true") == 0, "This env cannot undo what ignores Ctrl-C.");
        Assert.Equal(code, _tool.Run(
            "mkfifo in; sleep 60 > in & sleeper=$!; env --default-signal=INT $RVQ encode model.th in -o codes.npy & "
            + $"sleep 1; kill -{signal} $!; kill -{signal} $!; wait $!; code=$?; kill $sleeper; exit $code"));
        Assert.Equal(["expected_codes.npy", "frames.npy", "in", "model.th"], _tool.Files());
    }

    [Fact]
    public void Run_SeveralQuantizers_AreToldByTheOption()
    {
        File.Copy(ToolProcess.Fixture("several_quantizers/me.pt"), _tool.File("me.pt"));
        _tool.Fail(1, "--prefix", "$RVQ inspect me.pt");
        Assert.DoesNotContain("LoadOptions", _tool.Error, StringComparison.Ordinal);
        _tool.Succeed("$RVQ inspect me.pt --prefix model");
    }

    public void Dispose() => _tool.Dispose();
}
