namespace Rvq.Tests.Packages;

/// <summary>The library from F#, which knows spans but has its own rules for references to them.</summary>
[Collection(Alone.Name)]
public sealed class FSharpTests
{
    private const string Program = """
        open System
        open System.Numerics.Tensors
        open Rvq
        open Rvq.Streams

        let coarse = Codebook(ReadOnlySpan [| 0.0f; 0.0f; 1.0f; 1.0f |], 2)
        let fine = Codebook(ReadOnlySpan [| 0.0f; 0.0f; 0.5f; 0.5f |], 2)
        let model = RvqModel(ReadOnlySpan [| coarse; fine |])
        let quantizer = Quantizer(model)
        let dequantizer = Dequantizer(model)

        [<EntryPoint>]
        let main _ =
            let latents = [| 0.0f; 1.0f; 1.6f; 0.0f; 1.0f; 1.6f |]                                    // [B, D, T] = [1, 2, 3]
            let shape = [| 1L; 2L; 3L |]
            let codes : int[] = quantizer.Encode(Layouts.ChannelsFirst(ReadOnlySpan latents, ReadOnlySpan shape))  // [B, T, N]
            let wide : int64[] = Array.zeroCreate 6                                                   // [N, B, T]
            quantizer.Encode(
                Layouts.ChannelsFirst(ReadOnlySpan latents, ReadOnlySpan shape),
                Layouts.CodebooksFirst(wide, ReadOnlySpan [| 2L; 1L; 3L |]))
            let bytes = CodePacking.Pack(model, ReadOnlySpan codes)
            let received = CodePacking.Unpack(model, ReadOnlySpan bytes, 3)
            let frames : float32[] = dequantizer.Decode(ReadOnlySpan received)
            let strided : float32[] = dequantizer.Decode(
                Layouts.CodebooksFirst(ReadOnlySpan (Array.map int wide), ReadOnlySpan [| 2L; 1L; 3L |]))
            let empty : int[] = quantizer.Encode(Layouts.ChannelsFirst(ReadOnlySpan (Array.empty<float32>), ReadOnlySpan [| 1L; 2L; 0L |]))
            printfn "%A %A %A %d %O" codes wide frames empty.Length model
            if codes = [| 0; 0; 1; 0; 1; 1 |] && wide = [| 0L; 1L; 1L; 0L; 0L; 1L |] && frames = [| 0.0f; 0.0f; 1.0f; 1.0f; 1.5f; 1.5f |]
                && strided = frames && empty.Length = 0
            then 0 else 1
        """;

    [Fact]
    public void FSharp_ViewsCodesAndBytes_CompileAndRun()
    {
        Dotnet.CheckoutOrSkip();
        var sdk = Path.GetDirectoryName(new FileInfo(Dotnet.Find("dotnet")!).ResolveLinkTarget(true)?.FullName ?? Dotnet.Find("dotnet"))!;
        var library = Directory.Exists(Path.Combine(sdk, "sdk"))
            ? Directory.EnumerateFiles(Path.Combine(sdk, "sdk"), "FSharp.Core.*.nupkg", SearchOption.AllDirectories).FirstOrDefault()
            : null;
        Assert.SkipWhen(library is null, "There is no F# compiler in the SDK.");
        using var dotnet = new Dotnet();
        var rvq = typeof(RvqModel).Assembly.Location;
        var tensors = typeof(System.Numerics.Tensors.TensorPrimitives).Assembly.Location;
        var hashing = Path.Combine(AppContext.BaseDirectory, "System.IO.Hashing.dll");
        dotnet.Write("Program.fs", Program);
        dotnet.Write("snippet.fsproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <SatelliteResourceLanguages>en</SatelliteResourceLanguages>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <Compile Include="Program.fs" />
                <Reference Include="{rvq}" />
                <Reference Include="{tensors}" />
                <Reference Include="{hashing}" />
              </ItemGroup>
            </Project>
            """);
        dotnet.Write("nuget.config", $"""
            <configuration><packageSources><clear /><add key="sdk" value="{Path.GetDirectoryName(library)}" /></packageSources></configuration>
            """);
        dotnet.Run("dotnet", "run", "-c", "Release");
    }
}
