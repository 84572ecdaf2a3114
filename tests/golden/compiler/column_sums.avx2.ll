define internal void @reduce_1(ptr noalias %a0, ptr noalias %a1) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v21, %b1 ]
  %v4 = phi <8 x float> [ zeroinitializer, %entry ], [ %v11, %b1 ]
  %v5 = phi <8 x float> [ zeroinitializer, %entry ], [ %v14, %b1 ]
  %v6 = phi <8 x float> [ zeroinitializer, %entry ], [ %v17, %b1 ]
  %v7 = phi <8 x float> [ zeroinitializer, %entry ], [ %v20, %b1 ]
  %v8 = mul nsw i64 %v3, 132
  %v9 = getelementptr i8, ptr %a0, i64 %v8
  %v10 = load <8 x float>, ptr %v9, align 4
  %v11 = fadd <8 x float> %v4, %v10
  %v12 = getelementptr i8, ptr %v9, i64 32
  %v13 = load <8 x float>, ptr %v12, align 4
  %v14 = fadd <8 x float> %v5, %v13
  %v15 = getelementptr i8, ptr %v9, i64 64
  %v16 = load <8 x float>, ptr %v15, align 4
  %v17 = fadd <8 x float> %v6, %v16
  %v18 = getelementptr i8, ptr %v9, i64 96
  %v19 = load <8 x float>, ptr %v18, align 4
  %v20 = fadd <8 x float> %v7, %v19
  %v21 = add nuw nsw i64 %v3, 1
  %v22 = icmp slt i64 %v21, 12
  br i1 %v22, label %b1, label %b2
b2:
  store <8 x float> %v11, ptr %a1, align 4
  %v23 = getelementptr i8, ptr %a1, i64 32
  store <8 x float> %v14, ptr %v23, align 4
  %v24 = getelementptr i8, ptr %a1, i64 64
  store <8 x float> %v17, ptr %v24, align 4
  %v25 = getelementptr i8, ptr %a1, i64 96
  store <8 x float> %v20, ptr %v25, align 4
  br label %b26
b26:
  %v28 = phi i64 [ 0, %b2 ], [ %v47, %b26 ]
  %v29 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v37, %b26 ]
  %v30 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v40, %b26 ]
  %v31 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v43, %b26 ]
  %v32 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v46, %b26 ]
  %v33 = mul nsw i64 %v28, 528
  %v34 = getelementptr i8, ptr %a0, i64 %v33
  %v35 = getelementptr i8, ptr %v34, i64 128
  %v36 = call <8 x float> @llvm.masked.load.v8f32.p0(ptr %v35, i32 4, <8 x i1> <i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> zeroinitializer)
  %v37 = fadd <8 x float> %v29, %v36
  %v38 = getelementptr i8, ptr %v34, i64 260
  %v39 = call <8 x float> @llvm.masked.load.v8f32.p0(ptr %v38, i32 4, <8 x i1> <i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> zeroinitializer)
  %v40 = fadd <8 x float> %v30, %v39
  %v41 = getelementptr i8, ptr %v34, i64 392
  %v42 = call <8 x float> @llvm.masked.load.v8f32.p0(ptr %v41, i32 4, <8 x i1> <i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> zeroinitializer)
  %v43 = fadd <8 x float> %v31, %v42
  %v44 = getelementptr i8, ptr %v34, i64 524
  %v45 = call <8 x float> @llvm.masked.load.v8f32.p0(ptr %v44, i32 4, <8 x i1> <i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> zeroinitializer)
  %v46 = fadd <8 x float> %v32, %v45
  %v47 = add nuw nsw i64 %v28, 1
  %v48 = icmp slt i64 %v47, 3
  br i1 %v48, label %b26, label %b27
b27:
  %v49 = fadd <8 x float> %v37, %v40
  %v50 = fadd <8 x float> %v43, %v46
  %v51 = fadd <8 x float> %v49, %v50
  %v52 = getelementptr i8, ptr %a1, i64 128
  store <8 x float> %v51, ptr %v52, align 4
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

declare <8 x float> @llvm.masked.load.v8f32.p0(ptr, i32, <8 x i1>, <8 x float>)
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
attributes #0 = { nounwind "prefer-vector-width"="256" "min-legal-vector-width"="256" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="256" "min-legal-vector-width"="256" "no-trapping-math"="true" }
