using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Xml.Linq;

namespace Rvq.Tests.Packages;

/// <summary>
/// The packages as a program meets them that has nothing else: packed, installed from a folder, built and run, also as native code.
/// </summary>
[Collection(Alone.Name)]
public sealed class PackageTests
{
    private const string Version = "0.0.1-packed";

    private const string Project = $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <InvariantGlobalization>true</InvariantGlobalization>
            <NuGetAudit>false</NuGetAudit>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Rvq.OnnxRuntime" Version="{Version}" />
            <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="1.31.1" />
          </ItemGroup>
        </Project>
        """;

    [Fact]
    public void Packages_FreshProject_GoesFromWaveformToCodesAndBack()
    {
        var checkout = Dotnet.CheckoutOrSkip();
        using var dotnet = new Dotnet();
        Pack(dotnet, checkout);
        AssertContents(dotnet.Folder);

        dotnet.Write("consumer.csproj", Project);
        dotnet.Write("nuget.config", Sources(dotnet.Folder));
        dotnet.Write("Program.cs", Resource("Packages/Consumer.cs"));
        dotnet.Write("OnnxConvolution.cs", Resource("Packages/OnnxConvolution.cs"));
        var output = dotnet.Run("dotnet", "run", "-c", "Release");
        Assert.Contains("OK: identity: 6 × [64, 8], 1000 frames/s, 36 kbit/s", output, StringComparison.Ordinal);

        // As native code, where there is a linker.
        var linker = OperatingSystem.IsWindows() || Dotnet.Find("clang") is not null
            || (Dotnet.Find("gcc") is not null && File.Exists("/usr/include/zlib.h"));
        Assert.SkipUnless(linker, "NativeAOT needs clang or gcc, and zlib; everything else of the packages was tried.");
        dotnet.Run("dotnet", "publish", "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-p:PublishAot=true", "-o", "native");
        output = dotnet.Run(Path.Combine(dotnet.Folder, "native", OperatingSystem.IsWindows() ? "consumer.exe" : "consumer"));
        Assert.Contains("OK: identity", output, StringComparison.Ordinal);
    }

    private static void Pack(Dotnet dotnet, string checkout)
    {
        foreach (var project in new[] { "Rvq", "Rvq.OnnxRuntime" })
        {
            dotnet.Run(
                "dotnet", "pack", Path.Combine(checkout, "src", project), "-c", Dotnet.Configuration, "--no-build",
                "-o", dotnet.Folder, $"-p:Version={Version}", "-v", "q");
        }
    }

    private static void AssertContents(string folder)
    {
        using var core = ZipFile.OpenRead(Path.Combine(folder, $"Rvq.{Version}.nupkg"));
        Assert.Superset(
            new HashSet<string> { "README.md", "FORMAT.md", "CODECS.md", "icon.png", "lib/net10.0/Rvq.dll", "lib/net10.0/Rvq.xml" },
            core.Entries.Select(entry => entry.FullName).ToHashSet());
        Assert.Equal(["System.IO.Hashing", "System.Numerics.Tensors"], Dependencies(core));
        using var onnx = ZipFile.OpenRead(Path.Combine(folder, $"Rvq.OnnxRuntime.{Version}.nupkg"));
        Assert.Superset(
            new HashSet<string> { "README.md", "icon.png", "lib/net10.0/Rvq.OnnxRuntime.dll", "lib/net10.0/Rvq.OnnxRuntime.xml" },
            onnx.Entries.Select(entry => entry.FullName).ToHashSet());
        Assert.Equal(["Microsoft.ML.OnnxRuntime.Managed", "Rvq"], Dependencies(onnx));
        foreach (var package in new[] { core, onnx })
        {
            var metadata = Metadata(package);
            foreach (var name in new[] { "description", "tags", "icon", "readme", "releaseNotes", "license" })
            {
                Assert.NotEqual("", metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value ?? "");
            }
        }

        // Neither the library nor its symbols name a folder of the machine that built them.
        foreach (var name in new[] { "Rvq", "Rvq.OnnxRuntime" })
        {
            foreach (var (package, file) in new[] { ("nupkg", "dll"), ("snupkg", "pdb") })
            {
                using var archive = ZipFile.OpenRead(Path.Combine(folder, $"{name}.{Version}.{package}"));
                using var bytes = new MemoryStream();
                archive.GetEntry($"lib/net10.0/{name}.{file}")!.Open().CopyTo(bytes);
                Assert.Equal(-1, bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(Dotnet.Checkout!)));
                Assert.Equal(-1, bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(
                    Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + Path.DirectorySeparatorChar)));
            }
        }
    }

    private static XElement Metadata(ZipArchive package)
    {
        using var stream = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(stream).Root!.Elements().Single();
    }

    private static string[] Dependencies(ZipArchive package)
        => [.. Metadata(package).Descendants().Where(element => element.Name.LocalName == "dependency")
            .Select(element => element.Attribute("id")!.Value).Order(StringComparer.Ordinal)];

    /// <summary>The folder of the packages first; what is installed on this machine already is taken from there.</summary>
    private static string Sources(string folder)
    {
        var installed = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{folder}" />
              </packageSources>
              <fallbackPackageFolders>
                <add key="installed" value="{installed}" />
              </fallbackPackageFolders>
            </configuration>
            """;
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(PackageTests).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
