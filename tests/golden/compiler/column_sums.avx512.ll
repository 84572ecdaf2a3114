define internal void @reduce_1(ptr noalias %a0, ptr noalias %a1) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v29, %b1 ]
  %v4 = phi <16 x float> [ zeroinitializer, %entry ], [ %v13, %b1 ]
  %v5 = phi <16 x float> [ zeroinitializer, %entry ], [ %v22, %b1 ]
  %v6 = phi <16 x float> [ zeroinitializer, %entry ], [ %v16, %b1 ]
  %v7 = phi <16 x float> [ zeroinitializer, %entry ], [ %v25, %b1 ]
  %v8 = phi <16 x float> [ zeroinitializer, %entry ], [ %v19, %b1 ]
  %v9 = phi <16 x float> [ zeroinitializer, %entry ], [ %v28, %b1 ]
  %v10 = mul nsw i64 %v3, 264
  %v11 = getelementptr i8, ptr %a0, i64 %v10
  %v12 = load <16 x float>, ptr %v11, align 4
  %v13 = fadd <16 x float> %v4, %v12
  %v14 = getelementptr i8, ptr %v11, i64 64
  %v15 = load <16 x float>, ptr %v14, align 4
  %v16 = fadd <16 x float> %v6, %v15
  %v17 = getelementptr i8, ptr %v11, i64 128
  %v18 = call <16 x float> @llvm.masked.load.v16f32.p0(ptr %v17, i32 4, <16 x i1> <i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <16 x float> zeroinitializer)
  %v19 = fadd <16 x float> %v8, %v18
  %v20 = getelementptr i8, ptr %v11, i64 132
  %v21 = load <16 x float>, ptr %v20, align 4
  %v22 = fadd <16 x float> %v5, %v21
  %v23 = getelementptr i8, ptr %v11, i64 196
  %v24 = load <16 x float>, ptr %v23, align 4
  %v25 = fadd <16 x float> %v7, %v24
  %v26 = getelementptr i8, ptr %v11, i64 260
  %v27 = call <16 x float> @llvm.masked.load.v16f32.p0(ptr %v26, i32 4, <16 x i1> <i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <16 x float> zeroinitializer)
  %v28 = fadd <16 x float> %v9, %v27
  %v29 = add nuw nsw i64 %v3, 1
  %v30 = icmp slt i64 %v29, 6
  br i1 %v30, label %b1, label %b2
b2:
  %v31 = fadd <16 x float> %v13, %v22
  store <16 x float> %v31, ptr %a1, align 4
  %v32 = fadd <16 x float> %v16, %v25
  %v33 = getelementptr i8, ptr %a1, i64 64
  store <16 x float> %v32, ptr %v33, align 4
  %v34 = fadd <16 x float> %v19, %v28
  %v35 = getelementptr i8, ptr %a1, i64 128
  store <16 x float> %v34, ptr %v35, align 4
  ret void
}

define internal void @step(ptr %arena, ptr %a1) #1 {
entry:
  call void @reduce_1(ptr %a1, ptr %arena)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = alloca i32, align 4
  %v2 = alloca i32, align 4
  call void @llvm.x86.sse.stmxcsr(ptr %v1)
  %v3 = load i32, ptr %v1, align 4
  %v4 = or i32 %v3, 32832
  store i32 %v4, ptr %v2, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr %v2)
  %v5 = load ptr, ptr %table, align 8
  call void @step(ptr %arena, ptr %v5)
  call void @llvm.x86.sse.ldmxcsr(ptr %v1)
  ret void
}

declare <16 x float> @llvm.masked.load.v16f32.p0(ptr, i32, <16 x i1>, <16 x float>)
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
attributes #0 = { nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }
